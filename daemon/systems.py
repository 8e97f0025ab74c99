"""The connected systems: built once, from the settings or from the sandbox's addresses."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from daemon.config import Config, secret
from integrations.cdk import Cdk
from integrations.graph import SignIn
from integrations.jira import Jira
from integrations.kubernetes import Kubernetes
from integrations.newrelic import NewRelic
from integrations.rancher import Rancher
from integrations.sandbox.endpoints import Endpoints
from integrations.servicenow import ServiceNow
from integrations.servicenow_approvals import ServiceNowApprovals
from integrations.teams import Teams
from policies.action import Action, actions_of

SYSTEMS: tuple[type, ...] = (Kubernetes, Rancher, NewRelic, Jira, ServiceNow, ServiceNowApprovals, Teams, Cdk)
"""Every system DevOS knows."""

ACCOUNT = "DEVOS_TEAMS_ACCOUNT"
"""Where the refresh token of the account stands that posts in Teams: an application alone may only read there."""
CHANNEL = ("5f0d7c1e-3b92-4c57-9d0a-6a1f6f2b8e41", "19:8b6cf21e0d4a4f0f9a37@thread.tacv2")
"""The ids of the simulated company's team and its channel."""
AWS = ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
"""What the cdk program is told of our environment: how to find its own credentials."""


def known_actions() -> dict[str, Action[..., object]]:
    """Every action of every system, connected or not, so that rules mean the same everywhere."""
    return {name: action for system in SYSTEMS for name, action in actions_of(system).items()}


def connected(config: Config, home: Path) -> dict[type, object]:
    """The systems that the settings name.

    Raises:
        BadConfig: a system is named whose secret is not set.
    """
    systems: dict[type, object] = {}
    if (k := config.kubernetes) is not None:
        token = os.environ.get("DEVOS_KUBERNETES_TOKEN") if k.url else None
        systems[Kubernetes] = Kubernetes(
            k.url or "", token, environments=config.environments, kubeconfig=k.kubeconfig, context=k.context
        )
    if (r := config.rancher) is not None:
        systems[Rancher] = Rancher(r.url, secret("rancher_token"), clusters=r.clusters)
    if (n := config.newrelic) is not None:
        systems[NewRelic] = NewRelic(secret("newrelic_key"), n.account, url=n.url)
    if (j := config.jira) is not None:
        systems[Jira] = Jira(j.url, j.email, secret("jira_token"))
    if (s := config.servicenow) is not None:
        password = secret("servicenow_password")
        systems[ServiceNow] = ServiceNow(s.url, s.user, password)
        systems[ServiceNowApprovals] = ServiceNowApprovals(s.url, s.user, password)
    if (t := config.teams) is not None:
        account = os.environ.get(ACCOUNT, "")
        # An application that people sign in to by themselves has no secret.
        own = os.environ.get("DEVOS_TEAMS_SECRET", "") if account else secret("teams_secret")
        sign_in = SignIn(t.login, t.tenant, t.client, own, refresh=account)
        systems[Teams] = Teams(sign_in, t.team, t.channel, url=t.url)
    if (c := config.cdk) is not None:
        env = {name: os.environ[name] for name in AWS if name in os.environ}
        systems[Cdk] = Cdk(c.program, c.apps, commands=home / "commands", env=env, stacks=c.stacks)
    return systems


def simulated(endpoints: Endpoints, environments: Mapping[str, str], home: Path, folder: Path) -> dict[type, object]:
    """All systems, as the sandbox in `folder` simulates them."""
    return {
        Kubernetes: Kubernetes(endpoints.kubernetes, "sandbox", environments=environments),
        Rancher: Rancher(
            endpoints.rancher, "token-devos:sandbox", clusters=dict.fromkeys(environments.values(), "larkfield-main")
        ),
        NewRelic: NewRelic("NRAK-SANDBOX", 3914207, url=endpoints.newrelic),
        Jira: Jira(endpoints.jira, "devos.automation@larkfield.example", "sandbox"),
        ServiceNow: ServiceNow(endpoints.servicenow, "devos.automation", "sandbox"),
        ServiceNowApprovals: ServiceNowApprovals(endpoints.servicenow, "devos.automation", "sandbox"),
        Teams: Teams(
            SignIn(endpoints.graph, "larkfield", "devos", "sandbox", refresh="sandbox"), *CHANNEL, url=endpoints.graph
        ),
        Cdk: Cdk(str(folder / "bin" / "cdk"), folder / "apps", commands=home / "commands", env={}),
    }
