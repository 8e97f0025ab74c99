from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrations.sandbox import systems
from integrations.sandbox.jira_site import JiraError, Site, stamp, summary
from integrations.sandbox.world import World


@pytest.fixture
def site(world: World) -> Site:
    systems.seed(world)
    return Site(world, "https://larkfield.example")


def test_times_are_written_as_jira_does() -> None:
    assert stamp(datetime(2021, 1, 17, 12, 34, 0, 5000, UTC)) == "2021-01-17T12:34:00.005+0000"


def test_issues_are_ordered_by_number_not_by_letters(site: Site) -> None:
    keys = [{"key": key} for key in ("DEV-10", "DEV-9", "CODE-100")]
    assert [each["key"] for each in sorted(keys, key=lambda each: site.sort_key("key", each))] == [
        "CODE-100",
        "DEV-9",
        "DEV-10",
    ]


def test_links_lead_to_the_site(site: Site) -> None:
    issue = site.issue(site.find("DEV-789"), ["*all"])
    assert issue["self"].startswith("https://larkfield.example/rest/api/3/issue/")
    assert issue["fields"]["project"]["self"].startswith("https://larkfield.example/rest/api/3/project/")


def test_what_is_not_there_is_refused_as_jira_does(site: Site) -> None:
    with pytest.raises(JiraError) as caught:
        site.find("DEV-1")
    assert (caught.value.status, caught.value.errors) == (404, {})
    assert site.user_of("nobody") is None


def test_a_comment_moves_the_issues_time(site: Site, world: World) -> None:
    before = site.find("DEV-456")["updated"]
    body = {"type": "doc", "version": 1, "content": []}
    stored = site.add_comment(site.find("DEV-456"), "elena.fischer", body, [])
    assert site.find("DEV-456")["updated"] == stored["created"] > before
    assert summary(world)["issues"]["DEV-456"]["comments"][-1]["by"] == "elena.fischer"
