"""The systems that first steps can connect: what has to be known of each, read off the settings themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from pydantic import BaseModel

from daemon.config import SECRETS
from daemon.sections import Config

SYSTEMS = {
    "jira": "Jira Cloud",
    "kubernetes": "a Kubernetes cluster",
    "servicenow": "ServiceNow",
    "newrelic": "New Relic",
    "rancher": "Rancher",
    "teams": "Microsoft Teams, for questions",
    "cdk": "CDK apps in a folder",
}
"""Section → what it is called."""

QUESTIONS = {
    "jira.url": "Its address (https://COMPANY.atlassian.net)",
    "jira.email": "Your e-mail address there",
    "kubernetes.kubeconfig": "Its kubeconfig",
    "kubernetes.context": "The context in it",
    "servicenow.url": "Its address (https://COMPANY.service-now.com)",
    "servicenow.user": "Your user name there",
    "newrelic.account": "The account's number",
    "rancher.url": "Its address",
    "teams.tenant": "The tenant's id",
    "teams.client": "The application's id",
    "teams.team": "The team's id",
    "teams.channel": "The channel's id",
    "cdk.apps": "The folder with one app for each service",
}
"""What is asked, by full name; whatever else a section has keeps its default."""

USUAL = {"kubernetes.kubeconfig": "~/.kube/config"}
"""Answers that are mostly right."""

OPTIONAL = frozenset({"kubernetes.context"})


@dataclass(frozen=True)
class Question:
    """One setting to ask for."""

    name: str
    text: str
    default: str
    optional: bool
    number: bool


def questions(system: str) -> list[Question]:
    """What has to be asked to connect a system."""
    return [
        Question(name, text, USUAL.get(name, ""), name in OPTIONAL, _is_number(name))
        for name, text in QUESTIONS.items()
        if name.startswith(f"{system}.")
    ]


def secret_of(system: str) -> str | None:
    """The environment variable that its secret stands in; None where it needs none."""
    return f"DEVOS_{SECRETS[system].upper()}" if system in SECRETS else None


def needed(system: str) -> set[str]:
    """The settings, by full name, without which its section is wrong."""
    kind = _section(system)
    return {f"{system}.{name}" for name, field in kind.model_fields.items() if field.is_required()}


def _section(system: str) -> type[BaseModel]:
    kinds = (Config.model_fields[system].annotation, *get_args(Config.model_fields[system].annotation))
    return next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))


def _is_number(name: str) -> bool:
    system, _, key = name.partition(".")
    return _section(system).model_fields[key].annotation is int
