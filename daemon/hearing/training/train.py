"""Trains a wake word from beginning to end: voices, lessons, classifier, threshold, figures."""

from __future__ import annotations

import math
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, TypeAlias

from daemon.hearing.training import phrases, trained, voices
from daemon.hearing.training.classifier import Heard, learn
from daemon.hearing.training.embedding import Embedding
from daemon.hearing.training.lessons import Lesson, any_of, lesson, script
from daemon.hearing.training.measuring import Count, hits, threshold
from daemon.hearing.training.voices import Voice

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Progress: TypeAlias = Callable[[float, str], None]
"""Is told how much is done, 0 to 1, and what is being done."""

WORDS, LINES = 12, 22
"""How often a voice says the wake word in a lesson, and how many other lines."""

NATURAL = 5
"""Lessons by each voice that was recorded from a person, of which there are few; each time it is another's size."""

APART = 2.0
"""Seconds around the wake word while it is measured: nobody says it twice in a breath, and it would be heard once."""

HITS, MISTAKES = 0.85, 20.0
"""What is good enough: how often it is heard at least, and by mistake in an hour of ordinary speech at most. Mistakes
cost a transcription each, and are thrown away by the look at the transcript that follows."""

FEWEST = 4
"""Voices without which nothing can be held out."""


class TooFewVoices(ValueError):
    """There are not enough voices to learn from some and to measure with others."""


@dataclass(frozen=True)
class Wish:
    """What is to be learnt, and how thoroughly."""

    word: str
    sounds_like: tuple[str, ...] = ()
    """How it is spelled for synthesisers; by default as it is, and DevOS as people say it."""
    recordings: tuple[NDArray[np.float32], ...] = ()
    """Recordings of the word, each trimmed to it, 16 kHz."""
    voices: int | None = None
    """How many voices speak; by default all there are."""


@dataclass(frozen=True)
class _Voices:
    """Who is learnt from, who decides on the threshold, and who is kept for the figures; no family is in two."""

    learnt: tuple[Voice, ...]
    tuning: tuple[Voice, ...]
    held_out: tuple[Voice, ...]


def train(wish: Wish, progress: Progress) -> tuple[trained.Trained, dict[str, Any]]:
    """Learn a word and measure it with voices and sentences that it was not learnt from.

    Returns:
        The classifier, and its figures as they are kept beside it (`trained.save`).

    Raises:
        NoVoices: espeak-ng is missing or fails.
        TooFewVoices: fewer voices than can be divided.
        NoEmbedding: the networks are not on this machine.
    """
    started = time.monotonic()
    word = trained.spelled(wish.word)
    random = Random(word)
    who = _divided(voices.installed(), wish.voices, random)
    spellings = phrases.pronunciations(word, wish.sounds_like)
    familiar = phrases.natural(word, spellings, voices.phonemes)
    strange = phrases.confusables(spellings, random, voices.phonemes)
    # One in five of the near words is never learnt from.
    known, unknown = [each for at, each in enumerate(strange) if at % 5], strange[::5]
    near = frozenset([*familiar, *strange])
    own, own_held_out = wish.recordings[len(wish.recordings) // 4 :], wish.recordings[: len(wish.recordings) // 4]

    def made(
        voice: Voice, kind: str, others: Sequence[str], plain: int, mine: Sequence[NDArray[np.float32]], apart: float
    ) -> Lesson:
        chance = Random(f"{word} {kind} {voice}")
        ordinary = phrases.sentences(chance)
        kinds: list[Iterator[str]] = [any_of(each, chance) for each in (others, familiar) if each]
        lines = script(spellings, [*kinds, *[ordinary] * plain], chance, words=WORDS, lines=LINES)
        return lesson(voice, lines, chance, own=mine, apart=apart)

    mine = [who.learnt[at % len(who.learnt)] for at in range(min(24, 2 * len(own)))]
    lessons = [
        partial(made, each, f"learn {at}", known, 2, (), 0)
        for each in who.learnt
        for at in range(NATURAL if each.natural else 1)
    ]
    lessons += [partial(made, each, f"own {at}", known, 2, own, 0) for at, each in enumerate(mine)]
    tuning = [partial(made, each, f"tune {at}", unknown, 4, (), APART) for each in who.tuning for at in range(2)]
    held = [partial(made, each, f"measure {at}", unknown, 5, (), APART) for each in who.held_out for at in range(2)]
    mine_held = [partial(made, who.held_out[0], "own", (), 1, own_held_out, APART)]
    everything = [*lessons, *tuning, *held]
    work = len(everything) + 6

    with _Listeners() as listeners:
        heard = listeners.heard([*lessons, *tuning], lambda done: progress(done / work, "listening to voices"))
        begun = len(heard) / work
        model = learn(word, heard[: len(lessons)], lambda done: progress(begun + 6 * done / work, "learning the word"))
        model = replace(model, threshold=threshold(model, heard[len(lessons) :], near))
        begun += 6 / work
        count_of = listeners.count(model, held, near, lambda done: progress(begun + done / work, "measuring"))
        of_own = listeners.count(model, mine_held, near, lambda done: None) if own_held_out else None
    return model, _figures(wish, who, spellings, model, count_of, of_own, time.monotonic() - started)


class _Listeners:
    """As many as there are processors, each with networks of its own."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1), thread_name_prefix="wakeword")

    def __enter__(self) -> _Listeners:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def heard(self, lessons: Sequence[Callable[[], Lesson]], progress: Callable[[int], None]) -> list[Heard]:
        """Every lesson as the classifier sees it, in the same order."""

        def hear(make: Callable[[], Lesson]) -> Heard:
            found = make()
            if not hasattr(self._local, "embedding"):
                self._local.embedding = Embedding()
            return Heard(self._local.embedding.of(found.samples), found.said)

        return self._each(hear, lessons, progress)

    def count(
        self,
        model: trained.Trained,
        lessons: Sequence[Callable[[], Lesson]],
        near: frozenset[str],
        progress: Callable[[int], None],
    ) -> Count:
        """Listen to lessons with the very thing that listens to a microphone, and count what it hears."""
        from daemon.hearing.voice_activity import VoiceDetector
        from daemon.hearing.wake import WakeWords

        total = Count()
        with tempfile.TemporaryDirectory(prefix="devos-wakeword-") as folder:
            home = Path(folder)
            trained.save(home, model, {"word": model.word, "accepted": True})

            def hear(make: Callable[[], Lesson]) -> tuple[Lesson, list[float]]:
                found = make()
                if not hasattr(self._local, "wake"):
                    self._local.wake = WakeWords([model.word], sensitivity=0.5, home=home)
                    self._local.voice = VoiceDetector()
                return found, [at for _, at in hits(found.samples, self._local.wake, self._local.voice)]

            for found, moments in self._each(hear, lessons, progress):
                total.add(found.said, moments, near)
        return total

    def _each(self, does: Callable[[Any], Any], what: Sequence[Any], progress: Callable[[int], None]) -> list[Any]:
        found = []
        for result in self._pool.map(does, what):
            found.append(result)
            progress(len(found))
        return found


def _divided(found: Sequence[Voice], most: int | None, random: Random) -> _Voices:
    """Divide the voices so that the figures are measured with voices that nothing was learnt from."""
    chosen = list(found)
    random.shuffle(chosen)
    families: dict[str, list[Voice]] = {}
    for voice in chosen[:most]:
        families.setdefault(voice.family, []).append(voice)
    # The fewest of a kind come first, and so have their part in everything.
    engines = Counter(voices[0].engine for voices in families.values())
    ordered = sorted(families.values(), key=lambda voices: engines[voices[0].engine])
    parts: tuple[list[Voice], list[Voice], list[Voice]] = ([], [], [])
    for at, family in enumerate(ordered):
        # One in five is held out, one in eight tunes the threshold; of three families each has one.
        parts[2 if at % 5 == 2 else 1 if at % 8 == 1 else 0].extend(family)
    if len(families) < FEWEST:
        raise TooFewVoices(f"{len(families)} different voices are too few to learn from; it takes {FEWEST} at least.")
    return _Voices(*(tuple(each) for each in parts))


def _figures(
    wish: Wish,
    who: _Voices,
    spellings: Sequence[str],
    model: trained.Trained,
    count: Count,
    own: Count | None,
    seconds: float,
) -> dict[str, Any]:
    """What was measured, as it is kept and shown."""
    return {
        "word": model.word,
        "accepted": count.rate >= HITS and count.per_hour <= MISTAKES,
        "trained": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": math.ceil(seconds),
        "sounds_like": list(spellings),
        "voices": {"learnt": len(who.learnt), "tuning": len(who.tuning), "held_out": len(who.held_out)},
        "threshold": model.threshold,
        "hits": {"said": count.said, "heard": count.heard, "rate": round(count.rate, 4)},
        "false_accepts": {
            "minutes": round(count.ordinary_seconds / 60, 1),
            "count": len(count.ordinary_mistaken),
            "per_hour": round(count.per_hour, 2),
            "at": sorted(set(count.ordinary_mistaken)),
        },
        "near_words": {
            "said": count.near,
            "mistaken": len(count.near_mistaken),
            "at": sorted(set(count.near_mistaken)),
        },
        "recordings": None if own is None else {"given": len(wish.recordings), "said": own.said, "heard": own.heard},
    }
