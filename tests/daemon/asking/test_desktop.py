"""Notifications on a real notification daemon, which a person presses; and what may stand beside a Yes."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from private_desktop import Desktop, private_desktop

from daemon.asking.desktop import DesktopWay, NoDesktop, whole
from policies.approval import Approval
from policies.decision import Level

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.daemon.asking.office import Office

CHANGE: dict[str, Any] = {
    "step": 2,
    "action": "kubernetes.scale",
    "args": {"deployment": "web-app", "namespace": "production", "replicas": 10},
    "target": "production/web-app",
    "environment": "production",
    "summary": "Scale web-app in production from 4 to 10 replicas",
    "undo": "Scale it back to 4",
    "evidence": "",
    "level": "confirm",
    "rule": "changes-in-production",
    "where": "careful.cedar:30",
    "because": "It is in production.",
    "cost": None,
    "outside": [],
    "opened": [],
    "quoted": {},
}
APPROVAL = Approval(
    id="k7m2qd",
    run="run-1",
    subject="plan",
    digest="d" * 64,
    level="confirm",
    plan=[CHANGE],
    because="It is in production.",
    created="2026-11-20T08:00:00.000Z",
    expires="2026-11-20T20:00:00.000Z",
    asker="ana",
)


def changed(**more: Any) -> Approval:
    return replace(APPROVAL, plan=[{**CHANGE, **more}])


def test_a_short_question_in_our_own_words_is_shown_whole() -> None:
    assert whole(APPROVAL).splitlines() == [
        "Scale web-app in production from 4 to 10 replicas",
        "kubernetes.scale(deployment='web-app', namespace='production', replicas=10), production",
        "undo: Scale it back to 4",
    ]
    shown = whole(changed(evidence="4 → 10", cost=120, undo=""))
    assert "4 → 10" in shown and "$120 a month" in shown and "cannot be taken back" in shown


@pytest.mark.parametrize(
    "approval",
    [
        replace(APPROVAL, level="approve"),
        replace(APPROVAL, level="outcome"),
        replace(APPROVAL, must_say_why=True),
        replace(APPROVAL, opened=("jira DEV-456 description",)),
        replace(APPROVAL, plan=[]),
        replace(APPROVAL, plan=[CHANGE] * 3),
        changed(outside=["deployment"]),
        changed(quoted={"body": [{"text": "x", "from": "jira DEV-1 summary"}]}),
        changed(evidence="x" * 400),
        changed(evidence="\n" * 12),
        changed(summary="Scale <b>web-app</b>"),
        changed(args={"deployment": "a&b"}),
        changed(summary="Scale \u202ebpa-bew"),
        changed(undo="Scale it\u200b back"),
    ],
)
def test_beside_anything_else_stands_no_yes(approval: Approval) -> None:
    assert whole(approval) == ""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    if not all(map(shutil.which, ("dunst", "dbus-daemon", "Xvfb"))):
        pytest.skip("install with: apt-get install dunst dbus xvfb")
    with private_desktop(tmp_path_factory.mktemp("desktop")) as desktop:
        yield desktop


class Seat:
    """Somebody at a desktop, and the way that asks them."""

    def __init__(self, office: Office, desktop: Desktop) -> None:
        self.office, self.desktop = office, desktop
        self.opened: list[str] = []
        self.seconds = itertools.count(step=10)
        self.way = DesktopWay(
            office.approvals,
            "ana",
            lambda approval: self.opened.append(approval.id),
            environment=desktop.environment,
            clock=lambda: float(next(self.seconds)),
        )

    async def sees(self, how_many: int) -> None:
        """Wait until so many notifications are displayed."""
        async with asyncio.timeout(20):
            while await self.desktop.shown() != how_many:
                pass


@pytest.fixture
async def seat(office: Office, session: Desktop, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Seat]:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", session.environment["DBUS_SESSION_BUS_ADDRESS"])
    made = Seat(office, session)
    yield made
    await made.way.aclose()
    await made.sees(0)


async def test_yes(seat: Seat) -> None:
    seat.office.opens(seat.way)
    question = await seat.office.asks([CHANGE], level=Level.CONFIRM)
    await seat.sees(1)
    await seat.desktop.press("Yes")
    ended = await seat.office.ended(question)
    assert (ended.status, ended.answered_by, ended.via) == ("approved", "ana", "desktop")
    await seat.sees(0)
    assert seat.way.health == "ready"


async def test_no(seat: Seat) -> None:
    seat.office.opens(seat.way)
    question = await seat.office.asks([CHANGE], level=Level.CONFIRM)
    await seat.sees(1)
    await seat.desktop.press("No")
    assert (await seat.office.ended(question)).status == "denied"


async def test_show_opens_the_dashboard_and_answers_nothing(seat: Seat) -> None:
    seat.office.opens(seat.way)
    question = await seat.office.asks([{**CHANGE, "outside": ["deployment"]}], level=Level.CONFIRM)
    await seat.sees(1)
    await seat.desktop.press("Show")
    await seat.office.time.until(lambda: seat.opened)
    offered = (seat.desktop.folder / "menu").read_text()
    assert "#Show (" in offered and "#Yes (" not in offered and "#No (" not in offered
    assert seat.opened == [question.id] and seat.office.now(question).status == "open"
    await seat.sees(0)


async def test_an_answer_elsewhere_takes_it_away(seat: Seat) -> None:
    seat.office.opens(seat.way)
    question = await seat.office.asks([CHANGE], level=Level.CONFIRM)
    await seat.sees(1)
    await seat.office.approvals.answer(question.id, True, "ana", "terminal")
    await seat.office.ended(question)
    await seat.sees(0)


async def test_what_is_put_away_stays_open(seat: Seat) -> None:
    seat.office.opens(seat.way)
    question = await seat.office.asks([CHANGE], level=Level.CONFIRM)
    await seat.sees(1)
    await seat.desktop.put_away()
    await seat.sees(0)
    turns = len(seat.office.time.slept)
    await seat.office.time.until(lambda: len(seat.office.time.slept) > turns + 3)
    assert seat.office.now(question).status == "open" and await seat.desktop.shown() == 0


async def test_a_press_that_was_meant_for_something_else_does_not_count(seat: Seat) -> None:
    seat.seconds = itertools.chain([0.0, 0.5], itertools.count(10, step=10))  # type: ignore[assignment]  # seconds too
    seat.office.opens(seat.way)
    question = await seat.office.asks([CHANGE], level=Level.CONFIRM)
    await seat.sees(1)
    await seat.desktop.press("Yes")
    assert await seat.office.time.until(lambda: seat.way.shown == 2)
    assert seat.office.now(question).status == "open"
    await seat.desktop.press("Yes")
    assert (await seat.office.ended(question)).status == "approved"


async def test_it_asks_only_whoever_sits_there(seat: Seat) -> None:
    own = await seat.office.asks([CHANGE], level=Level.CONFIRM)
    others = await seat.office.asks([CHANGE], run="run-2")
    assert seat.way.objection(own) == "" and seat.way.objection(others)
    elsewhere = DesktopWay(seat.office.approvals, "bob", print, environment=seat.desktop.environment)
    assert elsewhere.objection(own)


async def test_without_a_session_nothing_is_shown(office: Office, tmp_path: Path) -> None:
    for environment in ({}, {"XDG_RUNTIME_DIR": str(tmp_path)}):
        way = DesktopWay(office.approvals, "ana", print, environment=environment, platform="linux")
        inbox = office.opens(way)
        question = await office.asks([CHANGE], level=Level.CONFIRM)
        assert way.objection(question) == way.health
        assert inbox.health() == {"desktop": "There is no desktop session here, so no notification is shown."}
        await way.withdraw(question)
        await way.aclose()
    (tmp_path / "bus").touch()
    there = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert DesktopWay(office.approvals, "ana", print, environment=there, platform="linux").health == "ready"
    assert DesktopWay(office.approvals, "ana", print, environment={}, platform="darwin").health == "ready"


async def test_a_session_that_shows_no_notifications_says_so(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    way = DesktopWay(office.approvals, "ana", print, environment=os.environ)
    question = await office.asks([CHANGE], level=Level.CONFIRM)
    with pytest.raises(NoDesktop, match="Nothing on this desktop shows notifications"):
        await way.ask(question)
    inbox = office.opens(way)
    await office.time.until(lambda: "Nothing on this desktop" in inbox.health()["desktop"])
    assert office.now(question).status == "open"
