"""The ears: which model, loaded once, told the names that exist."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

import pytest

from daemon.config import Hearing
from daemon.hearing.hardware import TooLittleMemory
from daemon.hearing.recording import NotARecording, read
from daemon.hearing.weights import NoWeights, Places, find
from daemon.listening import Ears, EarsState
from intents.understanding.catalogue import Catalogue

RECORDING = Path(__file__).parents[2] / "demo" / "scale-web-app.flac"
NAMES = Catalogue.of(
    deployment={"production": ["web-app"]}, service=["checkout"], environment=["production"], project=["DEV"]
)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.002)


async def test_a_recording_becomes_an_utterance(tmp_path: Path) -> None:
    ears = Ears(tmp_path, Hearing())
    utterance, heard = await ears.hear(RECORDING, NAMES)
    assert "scale" in utterance.text.lower() and utterance.text == heard.text
    assert utterance.channel == "file" and 0 < utterance.confidence <= 1
    assert utterance.audio is not None and len(utterance.audio) == 64 and heard.timings
    again, _ = await ears.hear(RECORDING, NAMES)
    assert again == utterance


async def test_what_is_no_recording_needs_no_model(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("scale")
    with pytest.raises(NotARecording):
        await Ears(tmp_path, Hearing(model="no-such-model")).hear(tmp_path / "text.wav", NAMES)


@pytest.mark.parametrize("model", ["no-such-model", "./no/such/folder"])
async def test_a_model_that_is_not_there(tmp_path: Path, model: str) -> None:
    with pytest.raises(NoWeights):
        await Ears(tmp_path, Hearing(model=model)).hear(RECORDING, NAMES)


async def test_live_sound_and_recordings_share_one_model(tmp_path: Path) -> None:
    ears = Ears(tmp_path, Hearing())
    assert ears.state == EarsState()
    heard = ears.transcribe(read(RECORDING).samples, "Scale web-app to 12 replicas.")
    assert "web-app" in heard.text and ears.state.model == heard.model
    assert ears.state.device == "cpu" and not ears.state.note
    _, again = await ears.hear(RECORDING, NAMES)
    assert again.timings["load_ms"] < 5
    ears.close()
    assert ears.state == EarsState()


def test_the_model_is_loaded_ahead(tmp_path: Path) -> None:
    ears = Ears(tmp_path, Hearing())
    ears.warm()
    assert ears.transcribe(read(RECORDING).samples, "").timings["load_ms"] < 5
    ears.close()


def test_a_model_that_nobody_needs_is_given_up_and_comes_back(tmp_path: Path) -> None:
    now, waits, waiting, go_on = [0.0], SimpleQueue[float](), threading.Semaphore(0), threading.Semaphore(0)

    def wait(seconds: float) -> bool:
        waits.put(seconds)
        waiting.release()
        assert go_on.acquire(timeout=30)
        return False

    ears = Ears(tmp_path, Hearing(idle_minutes=2), clock=lambda: now[0], wait=wait)
    samples = read(RECORDING).samples
    first = ears.transcribe(samples, "")
    assert waiting.acquire(timeout=30) and waits.get() == 120
    now[0] = 100
    ears.transcribe(samples, "")
    now[0] = 120
    go_on.release()
    assert waiting.acquire(timeout=30) and waits.get() == 100
    assert ears.state.model, "it was used twenty seconds ago"
    now[0] = 199
    go_on.release()
    assert waiting.acquire(timeout=30) and waits.get() == 30, "not looked at more often than that"
    now[0] = 230
    go_on.release()
    until(lambda: ears.state == EarsState())
    assert ears.transcribe(samples, "").text == first.text
    now[0] = 1000
    go_on.release(2)
    until(lambda: ears.state == EarsState())


def test_a_smaller_model_is_taken_where_memory_is_short_and_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    embedded = find("tiny.en", Places.of(tmp_path, {"HF_HUB_CACHE": "none"}))
    large = tmp_path / "models" / "base.en"
    large.mkdir(parents=True)
    for file in embedded.path.iterdir():
        if file.is_file():
            (large / file.name).symlink_to(file)
    (large / "model.bin").unlink()
    with (large / "model.bin").open("wb") as file:
        file.truncate(500 << 20)
    monkeypatch.setenv("HF_HUB_CACHE", "none")
    ears = Ears(tmp_path, Hearing(), free=lambda: 600 << 20)
    assert ears.transcribe(read(RECORDING).samples, "").model == "tiny.en"
    assert ears.state.note == "tiny.en listens, because there is too little memory for base.en."
    assert ears.state.note in caplog.text
    ears.close()
    with pytest.raises(TooLittleMemory, match=r"needs \d+ MB, and 100 MB are free"):
        Ears(tmp_path, Hearing(), free=lambda: 100 << 20).transcribe(read(RECORDING).samples, "")


def test_nobody_waits_for_a_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub does not answer; what is on this machine listens meanwhile."""
    with socket.create_server(("127.0.0.1", 0)) as hub:
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        monkeypatch.setenv("HF_HUB_CACHE", "none")
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{hub.getsockname()[1]}")
        ears = Ears(tmp_path, Hearing(model="small.en", download=True))
        assert ears.transcribe(read(RECORDING).samples, "").model == "tiny.en"
        asked, _ = hub.accept()
        asked.close()
        ears.close()
