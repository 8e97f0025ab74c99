"""Wake words: who is heard, what is heard by mistake, and what listening costs.

The argument is the minutes of synthesised speech in which nothing may be heard. From ten on, "hey devos" is trained as
a person would train it, which takes minutes of its own, and listened for together with the included words.
Recordings of people are taken from ../shared/audio, where they are.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

import numpy as np
from _machine import line, rounds

from daemon.hearing.evidence import NoSpeech
from daemon.hearing.frames import FRAME, RATE
from daemon.hearing.recording import Recording, read
from daemon.hearing.training import phrases, trained
from daemon.hearing.training.lessons import Lesson, Line, lesson
from daemon.hearing.training.measuring import hits
from daemon.hearing.training.train import Wish, train
from daemon.hearing.training.voices import installed
from daemon.hearing.transcription import Transcriber
from daemon.hearing.voice_activity import VoiceDetector
from daemon.hearing.wake import INCLUDED, WakeWords, without
from daemon.hearing.weights import Places, find

CLIPS = Path(__file__).resolve().parents[2] / "shared" / "audio"
WORD = "hey devos"
ALONE = 10
"""Minutes from which on a word is trained as well."""


def people(voice: VoiceDetector) -> None:
    """Recordings of people who say "alexa", and of people who do not."""
    wake = WakeWords(INCLUDED, sensitivity=0.5, home=Path("no-home"))
    silence = np.zeros(RATE, np.float32)

    def found(pattern: str) -> list[list[str]]:
        sounds = [np.concatenate([silence, read(each).samples, silence]) for each in sorted(CLIPS.glob(pattern))]
        return [[word for word, _ in hits(each, wake, voice)] for each in sounds]

    alexa, others = found("wakeword/alexa/*.flac"), found("wakeword/other/*.wav") + found("*.wav")
    if alexa:
        line("wake word, people who say it and are heard", alexa.count(["alexa"]), "people", aim=28, of=len(alexa))
        line("wake word, other people who wake it", sum(map(bool, others)), "recordings", aim=0, of=len(others))


def cost(voice: VoiceDetector, home: Path, words: list[str]) -> None:
    """Of one processor core, while nobody speaks and while somebody does; the voice detector is part of it."""
    wake = WakeWords(words, sensitivity=0.5, home=home)
    demo = read(Path(__file__).parent.parent / "demo" / "scale-web-app.flac").samples
    for name, samples in {"silence": np.zeros(60 * RATE, np.float32), "speech": np.tile(demo, 5)}.items():
        start = time.process_time()
        for at in range(0, len(samples) - FRAME + 1, FRAME):
            frame = samples[at : at + FRAME]
            wake.heard(frame, voice.probability(frame))
        share = 100 * (time.process_time() - start) / (len(samples) / RATE)
        aim = 2.0 if name == "silence" else None
        line(f"listening for {len(words)} wake words, {name}", share, "% of a core", aim=aim, words=words)


def speech(minutes: int) -> Iterator[Lesson]:
    """So much speech, by every voice in turn, in sentences without a wake word."""
    seconds, number, voices = 0.0, 0, installed()
    while seconds < 60 * minutes:
        random = Random(f"benchmark {number}")
        lines = [Line(text, False) for text in islice(phrases.sentences(random), 12)]
        made = lesson(voices[number * 7 % len(voices)], lines, random)
        seconds, number = seconds + made.seconds, number + 1
        yield made


def mistakes(voice: VoiceDetector, home: Path, words: list[str], minutes: int) -> None:
    """What is heard where nothing was said, by the networks alone and after the look at the transcript."""
    wake = WakeWords(words, sensitivity=0.5, home=home)
    weights = find("tiny.en", Places.of(home, os.environ))
    transcriber = Transcriber(weights.path, name=weights.name)
    count = {word: [0, 0] for word in words}
    seconds = 0.0
    for made in speech(minutes):
        seconds += made.seconds
        for word, at in hits(made.samples, wake, voice):
            count[word][0] += 1
            around = made.samples[max(0, int((at - 1.2) * RATE)) : int((at + 4) * RATE)]
            try:
                text = transcriber.transcribe(Recording(around, len(around) / RATE, "", 0.0)).text
            except NoSpeech:
                continue
            count[word][1] += without(word, text) is not None
    for word, (alone, checked) in count.items():
        name = f"{word!r}, heard by mistake in synthesised speech"
        line(name, checked, "times", aim=0, networks_alone=alone, minutes=round(seconds / 60, 1))


def learnt(home: Path) -> None:
    """Train a word, and report its figures: measured with voices and sentences that it was not learnt from."""
    model, figures = train(Wish(WORD), lambda done, what: None)
    figures["accepted"] = True  # so that the rest is measured, however good it is
    trained.save(home, model, figures)
    said, mistaken, near = figures["hits"], figures["false_accepts"], figures["near_words"]
    voices = figures["voices"]
    line(f"training {WORD!r}", figures["seconds"], "s", aim=300, voices=sum(voices.values()))
    rate = 100 * said["rate"]
    line(f"{WORD!r}, held-out voices that are heard", rate, "%", aim=90, of=said["said"], voices=voices["held_out"])
    line(
        f"{WORD!r}, heard by mistake by held-out voices",
        mistaken["count"],
        "times",
        aim=0,
        minutes=mistaken["minutes"],
        near_words=f"{near['mistaken']} of {near['said']}",
        threshold=round(figures["threshold"], 3),
    )


minutes = rounds(60)
detector = VoiceDetector()
people(detector)
with tempfile.TemporaryDirectory(prefix="devos-bench-") as folder:
    own = Path(folder)
    words = [*INCLUDED]
    speaks = shutil.which("espeak-ng") is not None
    if speaks and minutes >= ALONE:
        learnt(own)
        words.append(WORD)
    cost(detector, own, words)
    if speaks:
        mistakes(detector, own, words, minutes)
