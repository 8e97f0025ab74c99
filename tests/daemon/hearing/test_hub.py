"""Downloading from a hub: whole and checked, or not at all."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from daemon.hearing.hub import DownloadFailed, Hub

FILES = {"config.json": b"{}", "tokenizer.json": b"{}", "model.bin": b"weights" * 1000, "vocabulary.txt": b"a\nb\n"}

Answer = Callable[[httpx.Request], httpx.Response]


def hub_with(files: dict[str, bytes], stated: str | None = None) -> Answer:
    """A hub as it behaves: small files come at once, the large one from a store that the answer redirects to."""

    def answer(request: httpx.Request) -> httpx.Response:
        name = request.url.path.rsplit("/", 1)[1]
        if request.url.host == "store.test":
            return httpx.Response(200, content=files[name])
        assert request.url.path == f"/Systran/faster-whisper-base.en/resolve/main/{name}"
        if name not in files:
            return httpx.Response(404)
        if name != "model.bin":
            return httpx.Response(200, content=files[name], headers={"x-linked-etag": '"not-a-sha256"'})
        digest = stated or hashlib.sha256(files[name]).hexdigest()
        headers = {"location": f"https://store.test/{name}", "x-linked-etag": f'"{digest}"'}
        return httpx.Response(302, headers=headers)

    return answer


def hub(answer: Answer) -> Hub:
    return Hub("https://hub.test/", transport=httpx.MockTransport(answer))


def test_the_four_files_come(tmp_path: Path) -> None:
    folder = hub(hub_with(FILES)).download("base.en", tmp_path / "models" / "base.en")
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == FILES
    assert [each.name for each in folder.parent.iterdir()] == ["base.en"]


def test_newer_models_have_their_vocabulary_as_json(tmp_path: Path) -> None:
    files = {**FILES, "vocabulary.json": b"[]"}
    del files["vocabulary.txt"]
    folder = hub(hub_with(files)).download("base.en", tmp_path / "base.en")
    assert {each.name for each in folder.iterdir()} == set(files)


def test_an_incomplete_folder_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "base.en").mkdir()
    (tmp_path / "base.en" / "model.bin.part").touch()
    folder = hub(hub_with(FILES)).download("base.en", tmp_path / "base.en")
    assert {each.name for each in folder.iterdir()} == set(FILES)


def refuse(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectTimeout("no answer within 5 s", request=request)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (refuse, "no answer within 5 s"),
        (lambda request: httpx.Response(503), "503"),
        (hub_with({**FILES, "model.bin": b""}), "model.bin came empty"),
        (hub_with(FILES, stated="0" * 64), "model.bin came damaged"),
        (hub_with({name: FILES[name] for name in ("config.json", "tokenizer.json", "model.bin")}), "404"),
    ],
)
def test_what_goes_wrong_leaves_nothing_behind(tmp_path: Path, answer: Answer, says: str) -> None:
    with pytest.raises(DownloadFailed, match=says):
        hub(answer).download("base.en", tmp_path / "base.en")
    assert list(tmp_path.iterdir()) == []


def test_it_ends_after_half_an_hour_however_slowly_it_comes(tmp_path: Path) -> None:
    minutes = itertools.count(0, 20)
    slow = Hub("https://hub.test", httpx.MockTransport(hub_with(FILES)), clock=lambda: 60.0 * next(minutes))
    with pytest.raises(DownloadFailed, match="took longer than 30 minutes"):
        slow.download("base.en", tmp_path / "base.en")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "models").touch()
    with pytest.raises(DownloadFailed, match="File exists"):
        hub(hub_with(FILES)).download("base.en", tmp_path / "models" / "base.en")
