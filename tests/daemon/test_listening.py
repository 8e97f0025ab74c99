"""The ears: which model, loaded once, told the names that exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config import Hearing
from daemon.hearing.recording import NotARecording
from daemon.hearing.weights import NoWeights
from daemon.listening import Ears
from intents.understanding.catalogue import Catalogue

RECORDING = Path(__file__).parents[2] / "demo" / "scale-web-app.flac"
NAMES = Catalogue.of(
    deployment={"production": ["web-app"]}, service=["checkout"], environment=["production"], project=["DEV"]
)


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
