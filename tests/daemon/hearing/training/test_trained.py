"""Trained words on disk, and their classifiers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from daemon.hearing.training import trained
from daemon.hearing.training.trained import KEEPS, Damaged, Trained

SIZE = KEEPS * 96


def model(word: str = "hey devos") -> Trained:
    random = np.random.default_rng(1)
    layers = (
        (random.standard_normal((SIZE, 8)).astype(np.float32) / 30, np.zeros(8, np.float32)),
        (random.standard_normal((8, 1)).astype(np.float32), np.zeros(1, np.float32)),
    )
    return Trained(word, 0.7, np.full(96, 2, np.float32), np.full(96, 3, np.float32), layers)


def test_what_is_kept_is_what_was_learnt(tmp_path: Path) -> None:
    embeddings = np.random.default_rng(2).standard_normal((5, KEEPS, 96)).astype(np.float32)
    at = trained.save(tmp_path, model(), {"word": "hey devos", "accepted": True, "hits": {"rate": 0.95}})
    assert at == tmp_path / "wakewords" / "hey-devos" and at.stat().st_mode & 0o077 == 0
    assert sorted(each.name for each in at.iterdir()) == ["figures.json", "model.npz"]
    found = trained.load(tmp_path, "Hey DevOS")
    assert found.word == "hey devos" and found.threshold == pytest.approx(0.7)
    np.testing.assert_array_equal(found.probability(embeddings), model().probability(embeddings))
    assert trained.words(tmp_path) == ["hey devos"] and trained.exists(tmp_path, "HEY devos")
    assert trained.figures(tmp_path)[0]["hits"] == {"rate": 0.95}


def test_a_classifier_computes_what_scikit_learn_does() -> None:
    from sklearn.neural_network import MLPClassifier

    random = np.random.default_rng(3)
    values = random.standard_normal((60, KEEPS, 96)).astype(np.float32)
    flat = ((values - 1) / 2).reshape(60, -1)
    with pytest.warns(match="converged"):
        network = MLPClassifier((4,), max_iter=3, random_state=0).fit(flat, flat[:, 0] > 0)
    layers = tuple((one, other) for one, other in zip(network.coefs_, network.intercepts_, strict=True))
    found = Trained("x", 0.5, np.full(96, 1, np.float32), np.full(96, 2, np.float32), layers).probability(values)
    np.testing.assert_allclose(found, network.predict_proba(flat)[:, 1], atol=1e-5)


def test_a_word_that_is_not_good_enough_is_not_there(tmp_path: Path) -> None:
    trained.save(tmp_path, model(), {"word": "hey devos", "accepted": False})
    assert not trained.exists(tmp_path, "hey devos") and trained.words(tmp_path) == []
    assert [each["word"] for each in trained.figures(tmp_path)] == ["hey devos"]


def test_training_again_replaces_and_removing_removes(tmp_path: Path) -> None:
    trained.save(tmp_path, model(), {"word": "hey devos", "accepted": False})
    trained.save(tmp_path, model(), {"word": "hey devos", "accepted": True})
    assert trained.words(tmp_path) == ["hey devos"]
    assert trained.remove(tmp_path, "hey devos") and not trained.remove(tmp_path, "hey devos")
    assert trained.figures(tmp_path) == [] and not (tmp_path / "wakewords" / "hey-devos").exists()


def test_a_name_cannot_leave_its_folder(tmp_path: Path) -> None:
    assert trained.folder(tmp_path, "../../etc/passwd") == tmp_path / "wakewords" / "etc-passwd"
    assert not trained.remove(tmp_path, "..") and not trained.remove(tmp_path, "")


@pytest.mark.parametrize("text", ["", "[]", '{"word": 1, "accepted": true}', '{"word": "hey"}', "{"])
def test_figures_that_cannot_be_read_say_so_and_count_for_nothing(tmp_path: Path, text: str) -> None:
    at = trained.save(tmp_path, model(), {"word": "hey devos", "accepted": True})
    (at / "figures.json").write_text(text)
    (found,) = trained.figures(tmp_path)
    assert "devos wakeword train" in found["damaged"] and trained.words(tmp_path) == []


def test_a_model_that_would_have_to_be_run_to_be_read_is_refused(tmp_path: Path) -> None:
    at = trained.save(tmp_path, model(), {"word": "hey devos", "accepted": True})
    np.savez(at / "model.npz", threshold=np.array({"a": 1}, dtype=object))
    with pytest.raises(Damaged, match="hey-devos cannot be read"):
        trained.load(tmp_path, "hey devos")
    (at / "model.npz").unlink()
    with pytest.raises(Damaged, match="hey-devos cannot be read"):
        trained.load(tmp_path, "hey devos")


def test_words_are_spelled_in_one_way() -> None:
    assert trained.spelled("  Hey,\tDevOS! ") == "hey devos"
    assert trained.spelled("don't_worry") == "don't worry"
    assert json.dumps(trained.spelled("\x1b[31mred")) == '"31mred"'
