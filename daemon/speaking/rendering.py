"""The process that turns text into sound: `python -m daemon.speaking.rendering FOLDER`, one request a line.

pyttsx3 has a process of its own because it can hang, cannot be stopped while it works, and keeps its memory. A request
is one line of JSON, {"text", "voice", "rate"}; the answer is one line of JSON, {"rate", "samples"}, and then so many
samples as 16-bit numbers; or {"problem"}, with "missing": true where only an installation mends it. It ends when its
input does, and takes its folder along: whoever started it may have ended without a moment for that.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import wave
from pathlib import Path
from typing import IO, Any

ENGLISH = ("en-us", "en_us", "en-gb", "en_gb", "en")
"""Which voices are taken where none is named, the first one first."""
INSTALL = {"darwin": "brew install espeak-ng", "linux": "sudo apt-get install libespeak-ng1"}


AGAIN = 5
"""How often a sentence is tried of which no sound came, before it counts as unsaid."""


class NoEngine(RuntimeError):
    """The program that speaks is not installed; the message says how it is."""


def engine() -> Any:
    """Start pyttsx3 with what this system speaks by: espeak-ng on Linux, its own voices on a Mac.

    Raises:
        NoEngine: it is missing.
    """
    try:
        import pyttsx3

        return pyttsx3.init()
    except (RuntimeError, OSError, ImportError) as error:
        mend = INSTALL.get(sys.platform, "install espeak-ng")
        raise NoEngine(f"The voice is missing, because espeak-ng does not load; install it: {mend}") from error


def voice_of(voices: list[Any], name: str | None) -> str:
    """The id of the voice that has `name` in its name or id, or of the first English one.

    Raises:
        LookupError: there is none; the message names some that there are.
    """
    if name is not None:
        wanted = name.casefold()
        exact = [each for each in voices if wanted in (each.name.casefold(), each.id.casefold())]
        for each in exact or [each for each in voices if wanted in f"{each.name}\n{each.id}".casefold()]:
            return str(each.id)
        some = ", ".join(repr(each.name) for each in voices if _speaks(each, "en"))
        raise LookupError(f"No voice has {name!r} in its name; there are {some or 'none that speak English'}")
    for language in ENGLISH:
        for each in voices:
            if _speaks(each, language):
                return str(each.id)
    raise LookupError("There is no English voice; install one: see docs/speaking.md")


def _speaks(voice: Any, language: str) -> bool:
    spoken = [str(each).casefold() for each in voice.languages or ()]
    return any(each == language or each.startswith((f"{language}-", f"{language}_")) for each in spoken)


class Renderer:
    """One engine, asked for one sentence at a time: of two that are queued it would say the last one only."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "sentence.wav"
        self._engine: Any = None

    def render(self, text: str, voice: str | None, rate: int) -> tuple[int, bytes]:
        """Samples per second, and the samples as 16-bit numbers of one channel.

        Raises:
            NoEngine: espeak-ng is not installed.
            LookupError: there is no such voice.
            OSError: there is no room for the file, or no sound comes of what can be said.
        """
        if self._engine is None:
            self._engine = engine()
        self._engine.setProperty("voice", voice_of(self._engine.getProperty("voices"), voice))
        self._engine.setProperty("rate", rate)
        for _ in range(AGAIN):
            made, samples = self._made(text)
            if samples or not any(map(str.isalnum, text)):
                return made, samples
        raise OSError("The voice makes no sound")  # which must not pass for having been said

    def _made(self, text: str) -> tuple[int, bytes]:
        self._file.unlink(missing_ok=True)
        self._engine.save_to_file(text, str(self._file))
        self._engine.runAndWait()
        _finish()
        try:
            return _read(self._file)
        except FileNotFoundError:
            return 0, b""
        finally:
            self._file.unlink(missing_ok=True)


def _finish() -> None:
    """Wait for espeak-ng's own thread: pyttsx3 does not always, and then a sentence in thirty is empty, or missing."""
    espeak = sys.modules.get("pyttsx3.drivers._espeak")
    if espeak is not None:
        espeak.Synchronize()


def _read(file: Path) -> tuple[int, bytes]:
    """A WAV file of one channel; the AIFF that a Mac writes is read by FFmpeg, which is slower to load."""
    if not file.stat().st_size:
        raise OSError(f"What the voice says finds no room in {file.parent.parent}; make some there")
    if file.read_bytes()[:4] == b"RIFF":
        with wave.open(str(file)) as wav:
            return wav.getframerate(), wav.readframes(wav.getnframes())
    import av

    with av.open(str(file)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="s16", layout="mono", rate=stream.rate)
        frames = [each for frame in container.decode(stream) for each in resampler.resample(frame)]
        return stream.rate, b"".join(each.to_ndarray().tobytes() for each in frames)


def serve(requests: IO[str], answers: IO[bytes], renderer: Renderer) -> None:
    """Answer one request after another until there are no more."""
    for line in requests:
        asked = json.loads(line)
        samples = b""
        try:
            rate, samples = renderer.render(asked["text"], asked["voice"], asked["rate"])
            answer: dict[str, Any] = {"rate": rate, "samples": len(samples) // 2}
        except NoEngine as error:
            answer = {"problem": str(error), "missing": True}
        except Exception as error:  # whatever the engine raises is told, and ends nothing
            answer = {"problem": str(error) or type(error).__name__}
        answers.write(json.dumps(answer).encode() + b"\n" + samples)
        answers.flush()


def main() -> None:
    """Answer on what was standard output; whatever the engine prints there goes to standard error instead."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    folder = Path(sys.argv[1])
    try:
        with answers:
            serve(sys.stdin, answers, Renderer(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
