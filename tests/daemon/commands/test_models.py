"""models: which there are, and which one suits this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemon.hearing.weights import Places, find

if TYPE_CHECKING:
    from tests.daemon.conftest import House


def test_which_there_are_and_why(empty: House) -> None:
    found = empty.devos("models", "--json")
    assert found.code == 0 and sum(each["chosen"] for each in found.json) == 1
    (chosen,) = (each for each in found.json if each["chosen"])
    assert chosen["found"] and chosen["path"] and chosen["why"]
    said = empty.devos("models").out.splitlines()
    assert len(said) == len(found.json) and [line[0] for line in said].count("*") == 1


def test_a_folder_of_ones_own(empty: House, tmp_path: Path) -> None:
    (empty.home / "config.toml").write_text(f"[hearing]\nmodel = {json.dumps(str(tmp_path / 'mine'))}\n")
    found = empty.devos("models", "--json")
    assert found.code == 0 and any(str(tmp_path / "mine") == each["path"] for each in found.json)


@pytest.mark.parametrize(
    ("setting", "because"), [("modell = 'x'", "Did you mean 'model'?"), ("model = 'huge'", "There is no model 'huge'")]
)
def test_wrong_settings(empty: House, setting: str, because: str) -> None:
    (empty.home / "config.toml").write_text(f"[hearing]\n{setting}\n")
    said = empty.devos("models")
    assert said.code == 2 and because in said.err


def test_the_models_that_are_here_are_measured_and_one_is_recommended(empty: House, tmp_path: Path) -> None:
    embedded = find("tiny.en", Places.of(tmp_path, {"HF_HUB_CACHE": "none"})).path
    own = empty.home / "models" / "of-my-own"
    own.parent.mkdir()
    own.symlink_to(embedded)
    broken = empty.home / "models" / "small.en"
    broken.mkdir()
    for file in embedded.iterdir():
        if file.is_file():
            (broken / file.name).symlink_to(file)
    (broken / "model.bin").unlink()
    (broken / "model.bin").write_bytes(b"nothing")
    (empty.home / "config.toml").write_text("[hearing]\nmodel = 'no-such-model'\n")
    said = empty.devos("models", "recommend", "--json")
    assert said.code == 0 and not said.err
    (tiny,) = said.json["models"]
    assert said.json["recommended"] == tiny["name"] == "tiny.en" and said.json["setting"] == 'model = "tiny.en"'
    assert tiny["real_time_factor"] == pytest.approx(tiny["transcribe_s"] / tiny["sound_s"], abs=0.001)
    assert tiny["wait_s"] >= 0.5 and tiny["memory_mb"] > 100 and tiny["device"] == "cpu"
    assert said.json["not_here"] == ["base.en", "small.en", "large-v3-turbo"]


def test_the_table_ends_with_what_to_write_into_the_settings(empty: House) -> None:
    said = empty.devos("models", "recommend")
    assert said.code == 0 and said.err.startswith("measuring tiny.en")
    head, row, *_ = said.out.splitlines()
    assert head.split()[0] == "model" and row.startswith("* tiny.en")
    assert said.out.endswith('config.toml:\n\n[hearing]\nmodel = "tiny.en"\n')
