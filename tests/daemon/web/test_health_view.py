"""What of the whole is well."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from daemon.config import Config
from daemon.names import Names
from daemon.web.health_view import health_page, worst
from daemon.web.pages import Part
from integrations.jira import Jira
from integrations.servicenow_approvals import ServiceNowApprovals

if TYPE_CHECKING:
    from tests.daemon.web.conftest import Site

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("states", "state"), [(("good", "off"), "good"), (("good", "warn"), "warn"), (("warn", "bad"), "bad"), ((), "good")]
)
def test_the_worst_counts(states: tuple[str, ...], state: str) -> None:
    assert worst([Part("x", each, "") for each in states]) == state


async def test_what_is_wrong_is_said(site: Site) -> None:
    app = site.app
    good = health_page(app, NOW, True)
    assert good.state == "good" and good.started == NOW and not good.frozen
    assert {each.name for each in good.systems} >= {
        "Kubernetes",
        "New Relic",
        "Jira",
        "ServiceNow",
        "AWS CDK",
    }
    assert {each.state for each in good.systems} == {"good"}
    assert health_page(app, NOW, False).state == "bad"
    app.brake.freeze()
    assert health_page(app, NOW, True).frozen and health_page(app, NOW, True).state == "warn"
    app.brake.thaw()
    del app.systems[Jira]
    del app.systems[ServiceNowApprovals]
    app.vocabulary.names = Names(app.vocabulary.names.catalogue, ("The deployments could not be read: no answer",))
    less = health_page(app, NOW, True)
    assert [each.state for each in less.systems if each.name in ("Jira", "names")] == ["off", "warn"]
    (approvals,) = (each for each in less.systems if each.name == "ServiceNow approvals")
    assert approvals.text == "Not connected; the section [servicenow] in config.toml does that."


async def test_who_sees_the_records_head(site: Site) -> None:
    assert [each.state for each in health_page(site.app, NOW, True).witnesses] == ["off"]
    site.app.sandbox = False
    assert [each.state for each in health_page(site.app, NOW, True).witnesses] == ["warn"]


async def test_the_ways_of_asking(site: Site) -> None:
    site.app.config = Config.model_validate({"approvals": {"ways": ["desktop", "teams"]}})
    simulated = {each.name: each.state for each in health_page(site.app, NOW, True).ways}
    assert simulated == {**dict.fromkeys(("terminal", "dashboard", "desktop", "teams"), "good"), "servicenow": "off"}
    site.app.sandbox = False
    ways = {each.name: each.state for each in health_page(site.app, NOW, True).ways}
    assert ways == {"terminal": "good", "dashboard": "good", "desktop": "good", "teams": "warn", "servicenow": "off"}
