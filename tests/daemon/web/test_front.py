"""What stands round a page, and what is said where there is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from daemon.web.front import STRANGER, Front, locked, on_to, own_path
from daemon.web.routes import NotUnlocked, Turned
from daemon.web.sessions import Sessions

if TYPE_CHECKING:
    from tests.daemon.web.conftest import Site


PAGE, PROGRAM = "/inbox", "/api/runs"


async def test_what_cannot_be_had_is_said_to_people_and_programs(site: Site) -> None:
    front, sessions = Front(site.app), Sessions()
    entered = sessions.enter(sessions.link())
    assert entered is not None
    session = entered[1]
    said = await front.explain(Turned(409, "It is <denied> already."), PROGRAM, session)
    assert (said.status_code, json.loads(bytes(said.body))) == (409, {"error": "It is <denied> already."})
    page = await front.explain(Turned(409, "It is <denied> already."), PAGE, session)
    assert page.status_code == 409 and b"It is &lt;denied&gt; already." in page.body
    how = await front.explain(NotUnlocked(), PAGE, session)
    assert how.status_code == 403 and b"devos open" in how.body
    stranger = await front.explain(Turned(403, "Open the dashboard with `devos open`."), PAGE, None)
    assert site.app.person.encode() not in stranger.body and session.token.encode() not in stranger.body
    odd = await front.explain(Turned(418, "No."), PAGE, session)
    assert odd.status_code == 418


def test_a_stranger_is_told_nothing() -> None:
    assert not any((STRANGER.person, STRANGER.token, STRANGER.version, STRANGER.waiting, STRANGER.writable))


@pytest.mark.parametrize(
    "path", ["/", "/inbox", "/runs/261120-1f3a9c2e", "/audit?text=a+b&before=5", "/audit?day=2026-11-20"]
)
def test_paths_of_our_own(path: str) -> None:
    assert own_path(path) == path and on_to(path).headers["location"] == path


@pytest.mark.parametrize(
    "path",
    ["", "//evil.example", "/\\evil.example", "https://evil.example", "/a\nb", "inbox", "/%0d%0a", "javascript:x"],
)
def test_any_other_path_leads_home(path: str) -> None:
    assert own_path(path) == "/"


def test_how_a_session_is_unlocked() -> None:
    sessions = Sessions()
    entered = sessions.enter(sessions.link(word="kilo-zulu-204"))
    assert entered is not None
    _, session = entered
    assert (locked(session, back="//x").back, locked(session, back="/inbox").possible) == ("/", True)
    for _ in range(3):
        sessions.unlock(session, "x")
    assert not locked(session, back="/").possible and locked(session, back="/", wrong=True).wrong
