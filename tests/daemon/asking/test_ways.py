from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.asking.desktop import DesktopWay
from daemon.asking.servicenow import ServiceNowWay
from daemon.asking.teams import TeamsWay
from daemon.asking.ways import NotConnected, places_of, ways_of
from daemon.client import ask
from daemon.config import Config
from daemon.systems import simulated
from integrations.sandbox.graph import entra_id

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.asking.office import Company, Office
    from tests.daemon.conftest import House

SETTINGS = """
person.name = "ana"
approvals.ways = ["teams", "servicenow"]
rules.pack = "team"
groups.reviewers = ["dana", "marcus"]
"""
NAMES = {"ana": "tomas.lindqvist", "dana": "dana.whitfield", "marcus": "marcus.oyelaran"}


ALOUD = NotConnected("voice")
"""Stands for the way that asks aloud, which the senses build."""


def config(**more: object) -> Config:
    return Config.model_validate({"approvals": {"ways": ["desktop", "voice", "teams", "servicenow"]}, **more})


async def test_the_ways_that_the_settings_name(office: Office, company: Company, tmp_path: Path) -> None:
    systems = simulated(company.endpoints, {}, tmp_path, tmp_path)
    ways = ways_of(config(), systems, office.door, office.approvals, page=lambda run: None, show=print, voice=ALOUD)
    assert [type(way) for way in ways] == [DesktopWay, NotConnected, TeamsWay, ServiceNowWay]
    assert [way.name for way in ways] == ["desktop", "voice", "teams", "servicenow"]
    assert ways[1] is ALOUD
    none = Config.model_validate({"approvals": {"ways": []}})
    assert ways_of(none, systems, office.door, office.approvals, page=lambda run: None, show=print, voice=ALOUD) == []


async def test_what_is_named_and_not_connected_says_so(office: Office) -> None:
    ways = ways_of(config(), {}, office.door, office.approvals, page=lambda run: None, show=print, voice=ALOUD)
    assert [type(way) for way in ways] == [DesktopWay, NotConnected, NotConnected, NotConnected]
    question = await office.asks()
    for way in ways[2:]:
        assert way.objection(question) == way.health and f"[{way.name}]" in way.health
        await way.ask(question)
        await way.withdraw(question)
        await way.aclose()


def test_links_lead_to_the_systems_that_the_settings_name() -> None:
    assert places_of(Config()) == {}
    named = {
        "jira": {"url": "https://j.example", "email": "a@j.example"},
        "servicenow": {"url": "https://s.example", "user": "a"},
        "newrelic": {"account": 7},
    }
    assert places_of(Config.model_validate(named)) == {
        "Jira": "https://j.example",
        "ServiceNow": "https://s.example",
        "New Relic": "https://one.newrelic.com",
    }


def test_a_colleague_answers_while_the_daemon_is_dead_and_the_run_goes_on(own: House) -> None:
    people = [
        f'people.{name} = {{ entra = "{entra_id(user)}", servicenow = "{user}" }}' for name, user in NAMES.items()
    ]
    (own.home / "config.toml").write_text("\n".join([SETTINGS, *people]))
    own.start("--sandbox")
    run = own.devos("say", "set web-app to five pods in production", "--json").json
    (question,) = run["approvals"]
    asked = f"ask-{question['id']}"
    done = ["devos.action.done"] * 2
    while [each["type"] for each in own.devos("audit", "list", "--run", asked, "--json").json][2:] != done:
        assert own.daemon is not None and own.daemon.poll() is None
    own.daemon.kill()
    own.daemon.wait()
    for user in (NAMES["ana"], NAMES["marcus"]):
        own.devos("sandbox", "reply", f"approve {question['id']}", "--by", user)
    own.start("--sandbox")
    *_, last = ask(own.home, "follow", run=run["run"])
    ended = last["run"]
    assert ended["status"] == "done" and own.replicas("production/web-app") == 5
    assert {(each["approved_by"], each["via"]) for each in ended["steps"] if each["via"]} == {("marcus", "teams")}
    assert len(own.sandbox.state()["graph"]["messages"]) == 1
