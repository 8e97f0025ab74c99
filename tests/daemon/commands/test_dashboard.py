"""devos open: a link, in the browser or on paper."""

from __future__ import annotations

import webbrowser
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.daemon.conftest import House

if TYPE_CHECKING:
    from tests.daemon.conftest import Answers

URL = "http://127.0.0.1:40123/login/abc"


def test_the_link_is_opened_in_the_browser(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    said = House(answers({"url": URL})).devos("open")
    assert (said.code, said.out, opened) == (0, f"{URL}\n", [URL])


@pytest.mark.parametrize("words", [["--no-browser"], ["--json"], ["--no-browser", "--json"]])
def test_the_link_is_only_printed(answers: Answers, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    said = House(answers({"url": URL})).devos("open", *words)
    assert said.code == 0 and not opened
    assert said.json == {"url": URL} if "--json" in words else said.out == f"{URL}\n"


def test_nobody_is_there(empty: House) -> None:
    said = empty.devos("open", "--json")
    assert said.code == 1 and "DevOS is not running" in said.json["error"]


def test_the_link_of_a_real_daemon_works_once(house: House) -> None:
    url = house.devos("open", "--no-browser", "--json").json["url"]
    base, _, secret = url.partition("/login/")
    with httpx.Client(base_url=base, headers={"Origin": base}) as browser:
        assert browser.get(f"/login/{secret}").status_code == 200
        assert browser.post("/login", data={"link": secret}).status_code == 303
        assert browser.get("/").status_code == 200
        assert browser.post("/login", data={"link": secret}).status_code == 403
