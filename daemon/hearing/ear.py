"""The ear: the one thread that listens to the microphone, for a wake word or for a sentence."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal, TypeAlias

from daemon.hearing.decoder import Decoder
from daemon.hearing.endpoint import PRE_ROLL, SECONDS, Onset, Pace
from daemon.hearing.frames import Frame
from daemon.hearing.heard import Event, Nothing, Speaking, Trouble, Why, Woken
from daemon.hearing.parts import Source, Voices, Words
from daemon.hearing.turn import Asked, Turn, Word
from daemon.hearing.wake_text import without

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from daemon.hearing.transcription import Heard
    from daemon.sense_sections import Hearing

logger = logging.getLogger("devos.hearing")

Status: TypeAlias = Literal["off", "muted", "waiting for the wake word", "listening", "transcribing"]

RING = round(2.0 / SECONDS)
"""Frames that are remembered while a wake word is waited for; nothing older exists anywhere."""

CALM = round(1.0 / SECONDS)
"""Frames without a voice after which frames may gather while a wake word is waited for."""

GATHERS = 8 * SECONDS
"""Seconds for which they gather: eight frames at once cost less than half of what they cost one by one, all day. A wake
word is longer, and every frame is listened to as it comes before it is over."""

STIRS = 0.3
"""From this probability of speech on, every frame is listened to as it comes."""

MUTED = "The microphone is muted."


class Ear:
    """Listens when it is asked to, or always, and tells what it hears.

    Every method may be called from any thread, at any time. What they ask for is done on the ear's own thread, in the
    order in which it was asked; events are told from there as well.
    """

    def __init__(
        self,
        microphone: Source,
        transcribe: Callable[[NDArray[np.float32], str], Heard],
        settings: Hearing,
        tell: Callable[[Event], None],
        *,
        voice: Callable[[], Voices],
        prompt: Callable[[], str],
        clean: Callable[[Frame], Frame] = lambda frame: frame,
        wake: Words | None = None,
        check: bool = True,
        warm: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Build it; nothing is opened or loaded yet.

        Args:
            microphone: opened while somebody is listened to, and closed otherwise.
            transcribe: sound and prompt to text; raises NoSpeech and NoWeights. Called on a thread of its own.
            settings: how long a silence ends a sentence, and how long one may last.
            tell: takes the events; must be quick.
            voice: makes the voice detector, when it is first needed.
            prompt: which words to expect where `listen` says nothing else.
            clean: takes what DevOS itself says out of a frame.
            wake: the wake words; without, it cannot listen always.
            check: whether a sentence after a wake word has to begin with it, in writing too.
            warm: loads the model; called on the decoder's thread as somebody begins to be listened to.
            clock: by which frames have their moments.
        """
        self._microphone, self._settings, self._tell_out = microphone, settings, tell
        self._make_voice, self._prompt, self._clean = voice, prompt, clean
        self._wake, self._check, self._clock = wake, check, clock
        self._transcribe, self._warm = transcribe, warm
        self._voice: Voices | None = None
        self._decoder: Decoder | None = None
        self._pace = Pace(settings.silence)
        self._onset = Onset()
        self._ring: deque[tuple[Frame, float]] = deque(maxlen=RING)
        self._turn: Turn | None = None
        self._always = self._is_open = self._ends = False
        self._gone_since: float | None = None
        self._quiet = 0
        self._gathers = False
        self._commands: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def start(self) -> None:
        """Start the thread; once."""
        with self._starting:
            if self._thread is None and not self._ends:
                self._thread = threading.Thread(target=self._run, name="devos-ear", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End listening for good, and give the microphone back."""
        with self._starting:
            self._commands.put(self._end)
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    @property
    def always(self) -> bool:
        """Whether it listens for the wake word; never, where there is none."""
        return self._always

    @always.setter
    def always(self, on: bool) -> None:
        self._always = on and self._wake is not None
        self._commands.put(self._forget)

    @property
    def status(self) -> Status:
        """What it is doing."""
        turn = self._turn
        if self._ends or self._thread is None:
            return "off"
        if self._microphone.muted:
            return "muted"
        if turn is not None:
            return "transcribing" if turn.transcribing else "listening"
        return "waiting for the wake word" if self._always else "off"

    def listen(self, why: Why, *, hold: bool = False, patience: float = 6.0, prompt: str | None = None) -> None:
        """Listen for one sentence, which ends as a Sentence or as Nothing.

        Whoever is being listened to already is given up with Nothing; except that a key which was held, and is asked
        for again without `hold`, leaves what was said standing: a key that was only tapped.

        Args:
            why: what made it listen.
            hold: end at `finish` and not at a silence (at the longest sentence in any case).
            patience: seconds within which somebody has to begin to speak.
            prompt: which words to expect.
        """
        expected = self._prompt if prompt is None else lambda: prompt
        asked = Asked(why, expected, hold=hold, patience=patience, longest=self._settings.longest)
        self._commands.put(lambda: self._begin(asked))

    def finish(self) -> None:
        """The sentence is over, says its speaker."""
        self._commands.put(self._finish)

    def abandon(self) -> None:
        """Forget what is being said; told as Nothing."""
        self._commands.put(self._give_up)

    def mute(self, on: bool) -> None:
        """Close the microphone to everything, or open it again; whoever is speaking is given up with Nothing."""
        self._microphone.mute(on)
        if on:
            self._commands.put(lambda: self._give_up(MUTED))

    def _run(self) -> None:
        try:
            while not self._ends:
                try:
                    self._obey()
                    self._deal()
                    if self._is_open:
                        self._listen()
                        self._deal()
                except Exception as problem:
                    self._fail(problem)
        finally:
            self._microphone.close()
            if self._decoder is not None:
                self._decoder.close()

    def _obey(self) -> None:
        """Do what was asked for; wait for it where there is nothing to listen to."""
        wait: float | None = 0.0
        if not self._is_open:
            wait = None
        elif self._gone >= 1:
            # A microphone that is muted or lost: whoever asks for something is answered at once all the same.
            wait = 0.1 if self._turn else 1.0
        elif self._gathers:
            wait = GATHERS
        self._gathers = False
        try:
            command = self._commands.get(wait != 0, wait)
            while True:
                command()
                self._deal()
                command = self._commands.get_nowait()
        except Empty:
            return

    def _deal(self) -> None:
        """Tell what has come of a turn, and have the microphone open exactly while it is needed."""
        turn = self._turn
        if turn is not None and turn.outcome is not None:
            self._turn = None
            self._tell(turn.outcome)
        wanted = (self._turn is not None or self._always) and not self._ends
        if wanted and not self._is_open:
            self._open()
        elif self._is_open and not wanted:
            self._is_open = False
            self._microphone.close()
            self._forget()

    def _open(self) -> None:
        self._is_open = True
        if self._voice is None:
            self._voice = self._make_voice()
        self._voice.reset()
        self._forget()
        self._microphone.open()
        self._gone_since = None
        self._quiet = 0

    @property
    def _gone(self) -> float:
        """For how many seconds the microphone has given nothing."""
        return 0.0 if self._gone_since is None else self._clock() - self._gone_since

    def _listen(self) -> None:
        """Take one frame."""
        turn = self._turn
        if turn is not None and self._microphone.muted:
            return turn.end(MUTED)
        timeout = 1.0 if turn is None else 0.01 if turn.transcribing else 0.1
        calm = turn is None and self._quiet >= CALM
        before = self._clock()
        frame = self._microphone.read(0.0 if calm or self._gone >= 1 else timeout)
        if frame is not None:
            self._gone_since = None
            clean = self._clean(frame)
            # What DevOS says itself must be interrupted at once, by a voice that is heard at once.
            self._quiet = self._quiet + 1 if self._hear(clean) < STIRS and clean is frame else 0
            return None
        self._gathers = calm
        if self._gone_since is None:
            self._gone_since = before
        if turn is not None:
            turn.miss(max(self._clock() - before, 0.1 if self._gone >= 1 else 0.0), self._gone)

    def _hear(self, frame: Frame) -> float:
        """Listen to a frame; how likely it is to hold speech."""
        assert self._voice is not None, "the microphone was opened without a voice detector"
        probability = self._voice.probability(frame.samples)
        if self._onset.hear(probability):
            self._tell(Speaking(frame.at))
        if self._turn is not None:
            self._turn.hear(frame, probability)
        elif self._wake is not None and self._always:
            self._ring.append((frame, probability))
            if (word := self._wake.heard(frame.samples, probability)) is not None:
                self._awake(word, frame.at)
        return probability

    def _awake(self, word: str, at: float) -> None:
        """Listen to what follows a wake word, and to the word itself once more."""
        self._tell(Woken(word, at))
        asked = Asked("wake", self._prompt, longest=self._settings.longest)
        self._turn = self._new_turn(asked, Word(word, without, self._check), [*self._ring])
        self._forget()

    def _begin(self, asked: Asked) -> None:
        turn = self._turn
        if turn is not None:
            if turn.asked.hold and not asked.hold and turn.asked.why == asked.why == "key" and not turn.transcribing:
                return turn.release(asked.patience)
            turn.end()
            self._deal()
        if self._microphone.muted:
            return self._tell(Nothing(asked.why, MUTED))
        # An answer is said after its question; whoever presses a key may have begun to speak just before.
        past = [*self._ring][-PRE_ROLL:] if asked.why == "key" else []
        if self._is_open and asked.why == "question":
            self._microphone.drain()
        self._forget()
        self._turn = self._new_turn(asked, None, past)

    def _new_turn(self, asked: Asked, word: Word | None, past: list[tuple[Frame, float]]) -> Turn:
        if self._decoder is None:
            self._decoder = Decoder(self._transcribe, self._warm)
        self._decoder.prepare()
        return Turn(asked, self._pace, self._decoder, word=word, past=past, clock=self._clock)

    def _forget(self) -> None:
        """Forget everything that was heard while a wake word was waited for."""
        self._ring.clear()
        if self._wake is not None:
            self._wake.reset()

    def _finish(self) -> None:
        if self._turn is not None:
            self._turn.finish()

    def _give_up(self, because: str = "") -> None:
        if self._turn is not None:
            self._turn.end(because)

    def _end(self) -> None:
        self._ends = True
        self._give_up()

    def _fail(self, problem: Exception) -> None:
        """Say once that listening failed, and stop it: the rest of DevOS goes on, and it can be asked for again."""
        logger.exception("listening failed")
        self._always = False
        self._give_up(f"Listening failed: {problem}")
        self._voice = None
        self._tell(Trouble(f"Listening failed and is switched off: {problem}"))

    def _tell(self, event: Event) -> None:
        try:
            self._tell_out(event)
        except Exception:
            # Whoever is told may be closing already; listening goes on.
            logger.exception("an event of the ear was not taken")
