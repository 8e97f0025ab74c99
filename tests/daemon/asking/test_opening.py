"""With real systems, whoever opens the dashboard at a terminal can answer there, and a program cannot."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from tests.daemon.asking.conftest import Window
    from tests.daemon.conftest import House

DEVOS = str(Path(sys.executable).with_name("devos"))

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="terminals are told by /proc, which is Linux's")


@pytest.fixture
def real(own: House) -> Iterator[House]:
    """A daemon that simulates nothing, and has no system connected."""
    own.start()
    yield own


def signed_in(url: str) -> httpx.Client:
    base, _, link = url.partition("/login/")
    browser = httpx.Client(base_url=base, headers={"Origin": base})
    assert browser.post("/login", data={"link": link}).status_code == 303
    browser.headers["X-DevOS-Token"] = browser.get("/api/session").json()["token"]
    return browser


def test_the_word_on_the_terminal_lets_a_person_answer(real: House, window: Callable[..., Window]) -> None:
    opened = window(DEVOS, "open", "--no-browser", DEVOS_HOME=str(real.home))
    shown = opened.reads("<ended 0>")
    (word,) = re.findall(r"[a-z]+-[a-z]+-\d{3}", shown)
    (url,) = re.findall(r"http://127\.0\.0\.1:\d+/login/[\w-]+", shown)
    assert "before it lets anybody answer" in shown and "minutes" not in shown, "the dashboard takes it at any time"
    assert re.search(r"opened from .*devos", shown)
    with closing(signed_in(url)) as browser:
        assert browser.post("/api/thaw", json={}).status_code == 403
        assert browser.post("/unlock", data={"word": "alfa-alfa-1"}).status_code == 403
        assert browser.post("/unlock", data={"word": word}).status_code == 303
        assert browser.post("/api/thaw", json={}).status_code == 200


def test_a_program_only_looks(real: House) -> None:
    said = real.process("open", "--json")
    with closing(signed_in(said.json["url"])) as browser:
        assert browser.get("/inbox").status_code == 200
        assert browser.get("/api/session").json()["writable"] is False
        for guess in ("", "alfa-alfa-100", "None"):
            assert browser.post("/unlock", data={"word": guess}).status_code == 403
        assert browser.post("/api/thaw", json={}).status_code == 403
        assert "No word was shown" in browser.get("/unlock").text


def test_a_program_that_the_settings_name_may_answer(own: House) -> None:
    (own.home / "config.toml").write_text(f'[approvals]\nprograms = ["{sys.executable}"]\n')
    own.start()
    with closing(signed_in(own.process("open", "--json").json["url"])) as browser:
        assert browser.get("/api/session").json()["writable"] is True
