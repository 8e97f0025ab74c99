"""The names that exist now."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemon.commands.audit_log import OWN_READS
from daemon.names import read_names
from daemon.systems import known_actions, simulated
from integrations.jira import Jira
from integrations.kubernetes import Kubernetes
from policies.approvals import Approvals
from policies.audit.checkpoint import Signer
from policies.audit.log import Log
from policies.brake import Brake
from policies.door import Door
from policies.engine import SHIPPED, Rules
from policies.store import engine_of

if TYPE_CHECKING:
    from tests.daemon.conftest import House

ENVIRONMENTS = {"production": "production", "staging": "staging", "lab": "development"}


async def no_time(seconds: float) -> None:
    """Time passes at once."""


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = Log(tmp_path / "audit.db", Signer.load_or_create(tmp_path / "keys"))
    yield log
    log.close()


def door(tmp_path: Path, log: Log, rules: list[Path]) -> Door:
    approvals = Approvals(engine_of(f"sqlite:///{tmp_path / 'runs.db'}"), log)
    return Door(Rules.load(rules, known_actions()), log, approvals, Brake(tmp_path), sleep=no_time)


async def test_what_the_systems_have(own: House, tmp_path: Path, log: Log) -> None:
    (tmp_path / "apps" / "checkout").mkdir(parents=True)
    (tmp_path / "apps" / "README.md").touch()
    systems = simulated(own.sandbox.endpoints, ENVIRONMENTS, tmp_path, tmp_path)
    rules = sorted(SHIPPED.glob("*.cedar"))
    names = (await read_names(door(tmp_path, log, rules), systems, ENVIRONMENTS, tmp_path / "apps", "ada")).catalogue
    assert set(names.all("project")) == {"DEV", "PERF", "CODE"} and list(names.all("service")) == ["checkout"]
    assert {"web-app", "checkout", "analytics-service"} <= set(names.all("deployment"))
    assert set(names.all("environment")) == {"production", "staging", "lab"}
    read = [entry.action for entry in log.entries() if entry.type == "devos.action.done"]
    assert sorted(set(read)) == ["jira.projects", "kubernetes.deployments"], "through the door, like everything"
    assert {entry.run for entry in log.entries()} == {OWN_READS}, "which `devos audit list` leaves out"


async def test_a_system_that_is_down_keeps_the_names_it_had_and_is_said(own: House, tmp_path: Path, log: Log) -> None:
    systems = simulated(own.sandbox.endpoints, ENVIRONMENTS, tmp_path, tmp_path)
    out = door(tmp_path, log, sorted(SHIPPED.glob("*.cedar")))
    own.sandbox.fault(system="kubernetes", kind="drop", times=None)
    never = await read_names(out, systems, ENVIRONMENTS, None, "ada")
    assert not never.catalogue.all("deployment") and never.catalogue.all("project")
    (said,) = never.unasked
    assert said.startswith("Kubernetes could not be asked for its deployments: 127.0.0.1:")
    assert "ended the connection without an answer. See whether it is up" in said
    assert set(never.catalogue.unread) == {"deployment", "environment"}
    own.sandbox.clear_faults()
    before = await read_names(out, systems, ENVIRONMENTS, None, "ada", never)
    assert not before.unasked and not before.catalogue.unread
    own.sandbox.fault(system="kubernetes", kind="drop", times=None)
    after = await read_names(out, systems, ENVIRONMENTS, None, "ada", before)
    assert after.catalogue.names == before.catalogue.names and after.unasked
    assert set(after.catalogue.unread) == {"deployment", "environment"}


async def test_a_refused_connection_is_said_in_plain_words(tmp_path: Path, log: Log) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        systems: dict[type, object] = {
            Kubernetes: Kubernetes(f"http://{where}", "x", environments=ENVIRONMENTS),
            Jira: Jira(f"http://{where}", "ada@x.example", "x"),
        }
        out = door(tmp_path, log, sorted(SHIPPED.glob("*.cedar")))
        names = await read_names(out, systems, ENVIRONMENTS, None, "ada")
    end = f"connection refused at {where}. See whether it is up and can be reached from here."
    assert names.unasked == (
        f"Kubernetes could not be asked for its deployments: {end}",
        f"Jira could not be asked for its projects: {end}",
    )
    assert set(names.catalogue.unread) == {"deployment", "environment", "project"}


async def test_rules_that_refuse_reading_hide_the_names(own: House, tmp_path: Path, log: Log) -> None:
    (tmp_path / "none.cedar").write_text('@id("none")\nforbid (principal, action, resource);\n')
    systems = simulated(own.sandbox.endpoints, ENVIRONMENTS, tmp_path, tmp_path)
    out = door(tmp_path, log, [tmp_path / "none.cedar"])
    names = (await read_names(out, systems, {}, tmp_path / "no", "ada")).catalogue
    assert not names.all("deployment") and not names.all("project") and not own.sandbox.journal("jira")


async def test_with_nothing_connected_there_are_the_environments(tmp_path: Path, log: Log) -> None:
    rules = sorted(SHIPPED.glob("*.cedar"))
    names = (await read_names(door(tmp_path, log, rules), {}, ENVIRONMENTS, None, "ada")).catalogue
    assert set(names.all("environment")) == set(ENVIRONMENTS)
    assert set(names.unread) == {"deployment"} and "[kubernetes] in config.toml" in names.unread["deployment"]
