"""One turn of listening: from the moment somebody is listened to until a sentence is there, or nothing."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from daemon.hearing.decoder import Decoder, Draft
from daemon.hearing.endpoint import SECONDS, Endpointer, Pace
from daemon.hearing.frames import Frame
from daemon.hearing.heard import Nothing, Sentence, Why
from daemon.hearing.utterance import Utterance

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from daemon.hearing.transcription import Heard

UNCERTAIN = 0.3
"""Below this confidence, words are more likely to be wrong than right."""

LOST = 4
"""Frames lost within a sentence, 128 ms, from which on a word may be missing."""

Without = Callable[[str, str], str | None]
"""The text after a wake word (first argument) that a sentence begins with; None where it does not."""


@dataclass(frozen=True)
class Asked:
    """What is to be listened for."""

    why: Why
    prompt: Callable[[], str]
    """Which words to expect."""
    hold: bool = False
    """Whether a key that is held down ends it, and no silence."""
    patience: float = 6.0
    """Seconds within which somebody has to begin."""
    longest: float = 30.0
    """Seconds that a sentence may last."""


@dataclass(frozen=True)
class Word:
    """The wake word that was heard, and how to find it in the text."""

    text: str
    without: Without
    check: bool
    """Whether the text has to begin with it."""


class Turn:
    """Listens for one sentence; `outcome` is set when it is over."""

    def __init__(
        self,
        asked: Asked,
        pace: Pace,
        decoder: Decoder,
        *,
        word: Word | None = None,
        past: Sequence[tuple[Frame, float]] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to listen.

        Args:
            asked: what is to be listened for.
            pace: whose silence ends the sentence.
            decoder: what writes it down.
            word: the wake word that stands at the beginning of `past`, if that is why.
            past: what was heard just before, frames with their probabilities of speech.
            clock: by which frames have their moments.
        """
        self.asked, self._pace, self._decoder, self._clock = asked, pace, decoder, clock
        self._word, self._waited = word, 0.0
        self._draft: Draft | None = None
        self._next: Endpointer | None = None
        self._next_over: float | None = None
        self._over: float | None = None
        self._sound = self._fresh()
        self.outcome: Sentence | Nothing | None = None
        if word is not None:
            self._sound.take_up(past)
        else:
            for frame, probability in past:
                self._sound.hear(frame, probability)
        if self._sound.paused:
            self._write()

    @property
    def transcribing(self) -> bool:
        """Whether the sentence is over, and its text is waited for."""
        return self._over is not None

    def hear(self, frame: Frame, probability: float) -> None:
        """Take the next frame, with how likely it is to hold speech."""
        if self.transcribing:
            # Whoever says the wake word alone goes on speaking while it is written down.
            if self._next is not None and self._next_over is None and self._next.hear(frame, probability) == "over":
                self._next_over = frame.at
            return self.look()
        match self._sound.hear(frame, probability):
            case "paused":
                self._write()
            case "resumed" | "dropped":
                self._throw_away()
            case "over":
                self._end(frame.at)
        if self.outcome is None and not self.transcribing:
            self._wait(SECONDS * (1 + frame.missed))

    def miss(self, seconds: float, gone: float) -> None:
        """Nothing came from the microphone.

        Args:
            seconds: for how long it was just waited for.
            gone: seconds since it gave something last.
        """
        if self.transcribing:
            self.look()
        elif self._sound.spoken and gone >= 1:
            self.end("The microphone went away in the middle of the sentence. Say it again, please.")
        else:
            self._wait(seconds, "No sound comes from the microphone." if gone >= 1 else "")

    def finish(self) -> None:
        """The speaker says that the sentence is over."""
        if not self.transcribing:
            self._sound.finish()

    def release(self, patience: float) -> None:
        """The key that was held is let go, and the sentence goes on without it: silence ends it now."""
        self.asked = replace(self.asked, hold=False, patience=patience)
        self._sound.release()
        self._waited = 0.0

    def end(self, because: str = "") -> None:
        """End without a sentence."""
        if self.outcome is None:
            self._throw_away()
            self.outcome = Nothing(self.asked.why, because)

    def look(self) -> None:
        """See whether the text is there that is waited for."""
        if self.outcome is None and self._over is not None and self._draft is not None and self._draft.done.is_set():
            self._judge(self._draft, self._over)

    def _fresh(self) -> Endpointer:
        return Endpointer(self._pace, longest=self.asked.longest, hold=self.asked.hold)

    def _wait(self, seconds: float, because: str = "") -> None:
        """Lose patience, where nobody has begun."""
        if self._sound.spoken:
            return
        self._waited += seconds
        patience = self.asked.longest if self.asked.hold else self.asked.patience
        if self._sound.finished or self._waited >= patience:
            self.end(because)

    def _write(self) -> None:
        expected = self.asked.prompt()
        if self._word is not None:
            # Whisper does not expect a wake word: of 30 people's "alexa" tiny.en writes 28 without this, all with it.
            expected = f"{expected} {self._word.text.capitalize()}, what are you doing?".lstrip()
        self._draft = self._decoder.write(self._sound.sound(), expected)

    def _throw_away(self) -> None:
        if self._draft is not None:
            self._decoder.forget(self._draft)
            self._draft = None

    def _end(self, at: float) -> None:
        """The sentence is over; its text may be there already."""
        if self._sound.missed >= LOST:
            return self.end("A part of the sentence was lost on its way. Say it again, please.")
        if not self._sound.enough:
            return self.end()
        self._over = at
        if self._draft is None:
            self._write()
        if self._word is not None:
            self._next = self._fresh()
        self.look()

    def _judge(self, draft: Draft, over: float) -> None:
        """Tell a sentence from the wake word alone, from noise, and from what nobody could make out."""
        heard = draft.heard
        if heard is None:
            # Whoever is taken for a wake word by mistake did not speak to DevOS, and is not answered.
            return self.end(draft.refused if draft.failed or not (self._word and self._word.check) else "")
        text = heard.text
        if self._word is not None:
            rest = self._word.without(self._word.text, text)
            if rest is None and self._word.check:
                return self.end()
            text = text if rest is None else rest
            if not any(map(str.isalnum, text)):
                return self._go_on()
        if heard.confidence < UNCERTAIN:
            return self.end("That could not be made out. Say it again, please.")
        self.outcome = self._sentence(draft, heard, text, over)

    def _go_on(self) -> None:
        """Only the wake word was said: what follows it is listened to from where it ended."""
        over = self._next_over
        self._sound = self._next or self._fresh()
        self._word = self._next = self._over = self._next_over = self._draft = None
        self._waited = 0.0
        if over is not None:
            self._end(over)
        elif self._sound.paused:
            self._write()

    def _sentence(self, draft: Draft, heard: Heard, text: str, over: float) -> Sentence:
        began, ended = self._sound.began, self._sound.ended
        return Sentence(
            Utterance(text, "voice", heard.confidence, digest(draft.samples)),
            self.asked.why,
            began,
            ended,
            draft.samples,
            {
                "silence_ms": (over - ended) * 1000,
                "transcribe_ms": draft.milliseconds,
                "wait_ms": (self._clock() - ended) * 1000,
            },
        )


def digest(samples: NDArray[np.float32]) -> str:
    """SHA-256 of sound in 16-bit samples, in hexadecimal: what a recording of it would hold."""
    import numpy as np

    return hashlib.sha256((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()).hexdigest()
