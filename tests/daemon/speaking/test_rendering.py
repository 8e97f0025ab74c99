from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import wave
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from daemon.speaking.rendering import Renderer, serve, voice_of
from daemon.speaking.voice import PROGRAM

VOICES = [
    SimpleNamespace(id="gmw/de", name="German", languages=["de"]),
    SimpleNamespace(id="gmw/en-gb-scotland", name="English (Scotland)", languages=["en-gb-scotland"]),
    SimpleNamespace(id="gmw/en-us", name="English (America)", languages=["en-us"]),
    SimpleNamespace(id="gmw/en", name="English (Great Britain)", languages=["en-gb"]),
]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (None, "gmw/en-us"),
        ("scot", "gmw/en-gb-scotland"),
        ("GERMAN", "gmw/de"),
        ("gmw/en", "gmw/en"),
        ("english", "gmw/en-gb-scotland"),
    ],
)
def test_finds_the_voice_that_is_meant(name: str | None, found: str) -> None:
    assert voice_of(VOICES, name) == found


def test_names_the_english_voices_where_none_is_meant() -> None:
    with pytest.raises(LookupError, match=r"No voice has 'x' in its name; there are 'English \(Scotland\)'"):
        voice_of(VOICES, "x")
    with pytest.raises(LookupError, match="There is no English voice"):
        voice_of(VOICES[:1], None)


def test_answers_each_request_and_lives_on_after_a_failure(tmp_path: Path) -> None:
    class Engine(Renderer):
        def render(self, text: str, voice: str | None, rate: int) -> tuple[int, bytes]:
            if text == "full":
                raise OSError(28, "No space left on device")
            return rate, b"\x01\x00" * len(text)

    asked = [{"text": text, "voice": None, "rate": 180} for text in ("full", "abc")]
    answers = io.BytesIO()
    serve(io.StringIO("".join(json.dumps(each) + "\n" for each in asked)), answers, Engine(tmp_path))
    first, second, rest = answers.getvalue().split(b"\n", 2)
    assert "No space left" in json.loads(first)["problem"]
    assert json.loads(second) == {"rate": 180, "samples": 3}
    assert rest == b"\x01\x00" * 3


def test_speaks_over_a_pipe_and_ends_with_its_input(tmp_path: Path) -> None:
    if not shutil.which("espeak-ng"):
        pytest.skip("install with: make system (it wants espeak-ng, which speaks)")
    request = json.dumps({"text": "Hello there.", "voice": None, "rate": 180}) + "\n"
    folder = tmp_path / "its-own"
    folder.mkdir()
    done = subprocess.run([*PROGRAM, str(folder)], input=request.encode(), capture_output=True, timeout=60)
    assert done.returncode == 0
    header, samples = done.stdout.split(b"\n", 1)
    answer = json.loads(header)
    assert answer["rate"] == 22_050
    assert len(samples) == 2 * answer["samples"] > 10_000
    assert list(tmp_path.iterdir()) == [], "nothing stays, also where whoever started it was killed"


@pytest.mark.parametrize("made", ["wav", "aiff"])
def test_reads_what_each_system_writes(made: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Mac's engine writes AIFF, whatever the file's name says."""
    import av
    import numpy as np

    def write(_text: str, name: str) -> None:
        samples = np.arange(-500, 500, dtype=np.int16)
        if made == "wav":
            with wave.open(name, "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(22_050)
                file.writeframes(samples.tobytes())
            return
        with av.open(name, "w", format="aiff") as container:
            stream = container.add_stream("pcm_s16be", rate=22_050, layout="mono")
            frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
            frame.rate = 22_050
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                container.mux(packet)

    engine: Any = SimpleNamespace(
        getProperty=lambda _: VOICES, setProperty=lambda *_: None, save_to_file=write, runAndWait=lambda: None
    )
    monkeypatch.setitem(sys.modules, "pyttsx3", SimpleNamespace(init=lambda: engine))
    rate, samples = Renderer(tmp_path).render("hello", None, 180)
    assert rate == 22_050
    assert np.array_equal(np.frombuffer(samples, np.int16), np.arange(-500, 500))


def test_a_sentence_of_which_no_sound_came_is_made_again_and_never_passes_for_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [b"", b"", b"\x01\x00" * 3]

    def write(_text: str, name: str) -> None:
        with wave.open(name, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(22_050)
            file.writeframes(made.pop(0) if made else b"")

    engine: Any = SimpleNamespace(
        getProperty=lambda _: VOICES, setProperty=lambda *_: None, save_to_file=write, runAndWait=lambda: None
    )
    monkeypatch.setitem(sys.modules, "pyttsx3", SimpleNamespace(init=lambda: engine))
    renderer = Renderer(tmp_path)
    assert renderer.render("confirm tango seven", None, 180) == (22_050, b"\x01\x00" * 3)
    assert renderer.render("…", None, 180) == (22_050, b""), "of this none comes"
    with pytest.raises(OSError, match="makes no sound"):
        renderer.render("confirm tango seven", None, 180)


def test_says_that_there_is_no_room_for_what_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine: Any = SimpleNamespace(
        getProperty=lambda _: VOICES,
        setProperty=lambda *_: None,
        save_to_file=lambda _, name: Path(name).touch(),
        runAndWait=lambda: None,
    )
    monkeypatch.setitem(sys.modules, "pyttsx3", SimpleNamespace(init=lambda: engine))
    with pytest.raises(OSError, match=f"no room in {tmp_path.parent}; make some there"):
        Renderer(tmp_path).render("hello", None, 180)
