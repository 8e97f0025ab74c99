"""The senses of one running DevOS: built from its settings, opened once it is ready, closed with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from daemon.asking.voice import VoiceWay
from daemon.config import BadConfig
from daemon.conversation.attention import Attention
from daemon.conversation.conversation import Conversation
from daemon.conversation.floor import Floor
from daemon.hearing.ear import Ear
from daemon.hearing.heard import Event, Trouble
from daemon.hearing.microphone import Microphone, MicrophoneState
from daemon.hearing.parts import Words
from daemon.hearing.prompt import prompt_for
from daemon.hearing.voice_activity import VoiceDetector
from daemon.hotkeys.bindings import BadBindings, bindings_of
from daemon.hotkeys.hotkeys import Hotkeys
from daemon.hotkeys.press import Press
from daemon.notices import Notices
from daemon.speaking.speaker import Speaker
from daemon.spoken_requests import SpokenRequests
from daemon.terminal import own_terminal
from policies.action import Json

if TYPE_CHECKING:
    from daemon.app import App

logger = logging.getLogger("devos.senses")

NOT_ANY_MORE = "Listening failed, and the wake word is not listened for any more; restart DevOS. The log says why."


class Senses:
    """Microphone, wake word, hotkeys and voice, and the conversation that they carry.

    What is missing on this machine is said once and left out; everything else goes on.
    """

    def __init__(self, app: App) -> None:
        """Build everything; no device is opened, no model loaded.

        Raises:
            BadConfig: two things have the same keys, or keys stand for nothing.
        """
        config = app.config
        self._app, self._loop = app, asyncio.get_running_loop()
        self._events: asyncio.Queue[Event | Press] = asyncio.Queue()
        self._problem = self._lost = ""
        self._opened = False
        house = SpokenRequests(app)
        self.notices = Notices(terminal=own_terminal())
        self.speaker = Speaker(config.speech, notify=self.notices.show)
        self.microphone = Microphone(config.microphone.name, changed=self._microphone_changed)
        self.ear = Ear(
            self.microphone,
            app.ears.transcribe,
            config.hearing,
            self._told,
            voice=VoiceDetector,
            prompt=lambda: prompt_for(app.vocabulary.understanding.catalogue),
            clean=self.speaker.echo.clean,
            wake=self._wake_words() if config.wake.on else None,
            check=config.wake.check,
            warm=app.ears.warm,
        )
        try:
            bindings = bindings_of(config.hotkeys, app.intents.values())
        except BadBindings as wrong:
            raise BadConfig(f"{app.home / 'config.toml'}: {wrong}") from None
        self.hotkeys = Hotkeys(
            bindings,
            self._told,
            seconds=config.hotkeys.seconds,
            hold=config.hotkeys.hold,
            listening=lambda: self.ear.status in ("listening", "transcribing"),
            summaries={each.name: each.summary for each in app.intents.values()},
        )
        floor, attention = Floor(self.speaker), Attention(self.ear)
        self.way = VoiceWay(app.approvals, app.person, floor, attention, house.channel_of)
        self.conversation = Conversation(house, floor, attention, self.way, hold=config.hotkeys.hold)

    def _wake_words(self) -> Words | None:
        """The words to listen for; None, and why is known, where there are no such words."""
        from daemon.hearing.wake import NoWakeWords, UnknownWakeWord, WakeWords

        wake = self._app.config.wake
        try:
            return WakeWords(wake.words, sensitivity=wake.sensitivity, home=self._app.home)
        except (UnknownWakeWord, NoWakeWords) as problem:
            self._problem = str(problem)
            logger.warning("the wake word is not listened for: %s", problem)
            return None

    async def run(self) -> None:
        """Hear, press and speak until cancelled."""
        config = self._app.config
        try:
            await asyncio.to_thread(self._open)
            if config.wake.on and not self._problem:
                self.ear.always = True
            self._opened = True
            while True:
                event = await self._events.get()
                try:
                    await self._deal(event)
                except Exception:
                    logger.exception("what was heard or pressed could not be dealt with")
        finally:
            await self._close()

    def _open(self) -> None:
        self.ear.start()
        if self._app.config.hotkeys.on:
            self.hotkeys.start()

    async def _close(self) -> None:
        self.speaker.hush()
        await asyncio.gather(self.conversation.aclose(), return_exceptions=True)
        for close in (self.hotkeys.close, self.ear.close, self.microphone.close, self.speaker.close):
            try:
                await asyncio.to_thread(close)
            except Exception:  # the others are closed all the same
                logger.exception("a sense could not be closed")
        await self.notices.aclose()

    async def _deal(self, event: Event | Press) -> None:
        if isinstance(event, Press):
            await self.conversation.pressed(event)
        else:
            await self.conversation.tell(event)

    def _told(self, event: Event | Press) -> None:
        """Take what was heard or pressed, on whichever thread."""
        self._loop.call_soon_threadsafe(self._events.put_nowait, event)

    def _microphone_changed(self, state: MicrophoneState) -> None:
        """Tell when it is lost and when it is there; being given back between two sentences is neither."""
        if state.status in ("open", "lost"):
            if state.problem and state.problem != self._lost:
                logger.warning("the microphone is not heard: %s", state.problem)
            self._lost = state.problem
            self._told(Trouble(state.problem))

    @contextmanager
    def watched(self) -> Iterator[asyncio.Queue[Press]]:
        """Every press as it arrives; none does anything as long as somebody watches."""
        presses: asyncio.Queue[Press] = asyncio.Queue()
        stop = self.hotkeys.watch(lambda press: self._loop.call_soon_threadsafe(presses.put_nowait, press))
        try:
            yield presses
        finally:
            stop()

    def mute(self, on: bool) -> None:
        """Close the microphone to everything, or open it again."""
        self.ear.mute(on)

    def state(self) -> dict[str, Json]:
        """How each sense is, as JSON."""
        microphone, hotkeys, speaker = self.microphone.state, self.hotkeys.state, self.speaker.state
        wake = self._app.config.wake
        problem = self._problem or (NOT_ANY_MORE if self._opened and not self.ear.always else "")
        return {
            "hearing": {"status": self.ear.status},
            "microphone": {
                "status": microphone.status,
                "device": microphone.device,
                "rate": microphone.rate,
                "overruns": microphone.overruns,
                "problem": microphone.problem,
            },
            "wake": {
                "status": "off" if not wake.on else "broken" if problem else "on",
                "words": list(wake.words),
                "problem": problem if wake.on else "",
            },
            "hotkeys": {
                "status": hotkeys.status,
                "way": hotkeys.way,
                "problem": hotkeys.problem,
                "bindings": [
                    {"name": each.name, "kind": each.kind, "keys": each.chord.text} for each in hotkeys.bindings
                ],
            },
            "speaker": {"status": speaker.status, "problem": speaker.problem},
        }
