"""What the machine can carry."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from daemon.hearing.hardware import (
    LIBRARY,
    Measurement,
    TooLittleMemory,
    affordable,
    available,
    best,
    graphics,
    left_of_group,
    measure,
    needed,
)
from daemon.hearing.weights import Candidate

MB = 1 << 20


def weights(folder: Path, megabytes: int) -> Path:
    folder.mkdir(parents=True)
    with (folder / "model.bin").open("wb") as file:
        file.truncate(megabytes * MB)
    return folder


def candidate(path: Path, *, chosen: bool = False, found: bool = True) -> Candidate:
    return Candidate(path.name, "home", path, found, chosen, "")


def measured(name: str, seconds: float, megabytes: float) -> Measurement:
    return Measurement(name, "home", f"/models/{name}", "cpu", 0.3, seconds, 4.0, megabytes, True)


def test_a_model_takes_twice_its_file_and_the_libraries(tmp_path: Path) -> None:
    assert needed(weights(tmp_path / "base.en", 72)) == 2 * 72 * MB + LIBRARY


def test_what_is_free_is_less_than_what_there_is() -> None:
    assert 0 < available() <= psutil.virtual_memory().total


def test_a_container_has_what_its_limit_leaves(tmp_path: Path) -> None:
    assert left_of_group(tmp_path) > 1 << 60, "no limit"
    for name, text in {
        "memory.max": "1000000",
        "memory.current": "700000",
        "memory.stat": "anon 5\ninactive_file 200000",
    }.items():
        (tmp_path / name).write_text(text)
    assert left_of_group(tmp_path) == 500_000
    (tmp_path / "memory.max").write_text("max")
    assert left_of_group(tmp_path) > 1 << 60


def test_the_chosen_model_is_taken_where_it_fits_and_otherwise_the_largest_that_does(tmp_path: Path) -> None:
    small, base, tiny = (weights(tmp_path / name, size) for name, size in (("small", 480), ("base", 140), ("tiny", 70)))
    here = [candidate(small, chosen=True), candidate(tiny), candidate(base), candidate(tmp_path / "gone", found=False)]
    assert affordable(here, 2000 * MB).name == "small"
    assert affordable(here, 600 * MB).name == "base"
    assert affordable(here, 300 * MB).name == "tiny"
    with pytest.raises(TooLittleMemory, match="needs 290 MB, and 200 MB are free"):
        affordable(here, 200 * MB)


def test_the_best_is_the_largest_that_answers_in_time() -> None:
    tiny, base, small = measured("tiny", 0.3, 220), measured("base", 0.7, 280), measured("small", 2.4, 900)
    assert best([tiny, base, small], 0.5, 8000 * MB) == base
    assert best([tiny, base], 0.5, 500 * MB) == tiny, "there is no room for the larger one"
    assert best([small], 0.5, 8000 * MB) == small
    assert best([small, measured("medium", 5, 2000)], 0.5, 8000 * MB) == small, "the quickest, where none is quick"
    assert best([], 0.5, 8000 * MB) is None


def test_waiting_takes_the_silence_or_the_writing_whichever_is_longer() -> None:
    assert measured("tiny", 0.2, 220).wait(0.5) == 0.5
    assert measured("base", 0.6, 220).wait(0.5) == pytest.approx(0.76)
    assert measured("base", 0.6, 220).real_time_factor == 0.15


def test_a_model_that_cannot_be_loaded_is_not_measured(tmp_path: Path) -> None:
    assert measure(candidate(weights(tmp_path / "broken", 1)), device="cpu", threads=1, speech=None) is None


def test_without_a_gpu_there_is_none() -> None:
    assert graphics() >= 0
