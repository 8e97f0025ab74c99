"""The connected systems: what the settings name, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config import BadConfig, Config
from daemon.systems import CHANNEL, SYSTEMS, connected, known_actions, simulated
from integrations.cdk import Cdk
from integrations.jira import Jira
from integrations.kubernetes import Kubernetes
from integrations.newrelic import NewRelic
from integrations.rancher import Rancher
from integrations.sandbox.endpoints import Endpoints
from integrations.sandbox.systems import company
from integrations.servicenow import ServiceNow
from integrations.servicenow_approvals import ServiceNowApprovals
from integrations.teams import Teams

SECRETS = {
    "DEVOS_RANCHER_TOKEN": "r",
    "DEVOS_NEWRELIC_KEY": "n",
    "DEVOS_JIRA_TOKEN": "j",
    "DEVOS_SERVICENOW_PASSWORD": "s",
    "DEVOS_TEAMS_SECRET": "t",
}
ALL = {
    "kubernetes": {"url": "https://k.example"},
    "rancher": {"url": "https://r.example"},
    "newrelic": {"account": 7},
    "jira": {"url": "https://j.example", "email": "ada@j.example"},
    "servicenow": {"url": "https://s.example", "user": "ada"},
    "teams": {"tenant": "t", "client": "c", "team": "5f0d", "channel": "19:x@thread.tacv2"},
    "cdk": {"apps": "~/apps"},
}


def test_every_action_is_known_whether_connected_or_not() -> None:
    names = set(known_actions())
    assert names >= {"kubernetes.scale", "jira.comment", "servicenow.request_change", "cdk.deploy", "newrelic.usage"}
    assert {name.partition(".")[0] for name in names} == {system.__name__.lower() for system in SYSTEMS}


def test_nothing_is_connected_that_nobody_named(tmp_path: Path) -> None:
    assert connected(Config(), tmp_path) == {}


def test_what_is_named_is_connected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not handed on")
    systems = connected(Config.model_validate(ALL), tmp_path)
    assert set(systems) == set(SYSTEMS) and all(isinstance(system, kind) for kind, system in systems.items())


@pytest.mark.parametrize(
    ("section", "variable"),
    [
        ("rancher", "DEVOS_RANCHER_TOKEN"),
        ("newrelic", "DEVOS_NEWRELIC_KEY"),
        ("jira", "DEVOS_JIRA_TOKEN"),
        ("servicenow", "DEVOS_SERVICENOW_PASSWORD"),
        ("teams", "DEVOS_TEAMS_SECRET"),
    ],
)
def test_a_missing_secret_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, section: str, variable: str
) -> None:
    for name in (variable, "DEVOS_TEAMS_ACCOUNT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(BadConfig, match=rf"names {section}, but \${variable} is not set"):
        connected(Config.model_validate({section: ALL[section]}), tmp_path)


@pytest.mark.parametrize("settings", [{"kubeconfig": "~/.kube/none", "context": "here"}, {"url": "https://k.example"}])
def test_a_cluster_needs_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> None:
    monkeypatch.delenv("DEVOS_KUBERNETES_TOKEN", raising=False)
    assert set(connected(Config.model_validate({"kubernetes": settings}), tmp_path)) == {Kubernetes}


def test_a_cluster_needs_an_address_or_a_kubeconfig() -> None:
    with pytest.raises(ValueError, match="url or kubeconfig"):
        Config.model_validate({"kubernetes": {"context": "here"}})


async def test_a_kubeconfig_in_the_home_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("kubernetes", reason="devos[kubernetes]")
    monkeypatch.setenv("HOME", str(tmp_path))
    system = connected(Config.model_validate({"kubernetes": {"kubeconfig": "~/kube"}}), tmp_path)[Kubernetes]
    assert isinstance(system, Kubernetes)
    with pytest.raises(Exception, match=str(tmp_path / "kube")):
        await system.deployments.call().perform("key")


def test_the_simulated_ones(tmp_path: Path) -> None:
    systems = {name: f"http://127.0.0.1:1/{name}" for name in ("admin", "jira", "servicenow", "newrelic")}
    more = {name: f"http://127.0.0.1:1/{name}" for name in ("kubernetes", "rancher", "graph")}
    found = simulated(Endpoints(pid=1, **systems, **more), {"live": "production"}, tmp_path, tmp_path)
    assert set(found) == {Kubernetes, Rancher, NewRelic, Jira, ServiceNow, ServiceNowApprovals, Teams, Cdk}
    assert (company()["teams"]["team"], company()["teams"]["channel"]) == CHANNEL


def test_an_account_in_teams_needs_no_secret_of_the_application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEVOS_TEAMS_SECRET", raising=False)
    monkeypatch.setenv("DEVOS_TEAMS_ACCOUNT", "a refresh token")
    assert set(connected(Config.model_validate({"teams": ALL["teams"]}), tmp_path)) == {Teams}
