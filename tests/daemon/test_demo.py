"""The demonstration, shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from daemon.demo import Demo
from integrations.sandbox.process import running

if TYPE_CHECKING:
    from tests.daemon.conftest import House


def test_every_step_is_green_and_the_record_holds(empty: House, capfd: pytest.CaptureFixture[str]) -> None:
    assert Demo(empty.home).run() == 0
    shown = capfd.readouterr().out
    assert "web-app has 4 replicas in production, all ready." in shown
    assert re.search(r"^heard: .*scale.*web.?app.*10 replicas", shown, re.M | re.I)
    assert "$ devos approve " in shown and "$ devos sandbox approve CHG" in shown
    assert "web-app in production went from 4 to 10 replicas, 10 of them ready." in shown
    assert "user-auth-service is deployed to production" in shown
    assert re.search(r"^Valid: \d+ entries, root .*, signed\.", shown, re.M)
    assert re.search(r"^All \d+ steps are green\.$", shown, re.M) and "FAILED" not in shown
    assert running(empty.home / "sandbox") is None, "nothing goes on afterwards"


def test_a_daemon_that_does_not_start_is_said(empty: House, capfd: pytest.CaptureFixture[str]) -> None:
    (empty.home / "config.toml").write_text("[hering]\n")
    assert Demo(empty.home).run() == 1
    assert "The daemon did not start:" in (shown := capfd.readouterr().out) and "Did you mean 'hearing'?" in shown
