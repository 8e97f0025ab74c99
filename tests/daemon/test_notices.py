"""Notices on a real notification daemon, and where there is none."""

from __future__ import annotations

import asyncio
import io
import logging
import shutil
from pathlib import Path

import pytest
from private_desktop import private_desktop

from daemon.notices import Notices
from daemon.terminal import Terminal


async def test_a_notice_from_any_thread_appears_on_the_desktop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if not all(map(shutil.which, ("dunst", "dbus-daemon", "Xvfb"))):
        pytest.skip("install with: apt-get install dunst dbus xvfb")
    caplog.set_level(logging.INFO, "devos.notices")
    with private_desktop(tmp_path) as desktop:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", desktop.environment["DBUS_SESSION_BUS_ADDRESS"])
        notices = Notices(environment=desktop.environment, platform="linux")
        await asyncio.to_thread(notices.show, "web-app has 10 replicas")
        async with asyncio.timeout(20):
            while not await desktop.shown():
                pass  # dunst's own answer takes its time
        await notices.aclose()
    assert not caplog.messages


async def test_without_a_desktop_that_is_logged_once_and_never_what_somebody_may_have_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    notices = Notices(environment={}, platform="linux")
    notices.show("I heard 'my neighbour is ill', and know no such request.")
    notices.show("web-app has 10 replicas")
    await notices.aclose()
    assert caplog.messages == ["what DevOS would say is not shown, because there is no desktop session"]


async def test_a_session_that_shows_nothing_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "devos.notices")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
    notices = Notices(environment={"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere/bus"}, platform="linux")
    notices.show("web-app has 10 replicas")
    await notices.aclose()
    assert "nothing on this desktop shows notifications" in caplog.messages[0]
    assert "web-app" not in caplog.text


async def test_without_a_desktop_a_notice_is_shown_at_the_terminal(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "devos.notices")
    shown = io.StringIO()
    notices = Notices(environment={}, platform="linux", terminal=Terminal(shown))
    notices.show("web-app has 10 replicas")
    await notices.aclose()
    assert shown.getvalue() == "DevOS: web-app has 10 replicas\n"
    assert not caplog.messages
