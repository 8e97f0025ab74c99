"""Actions of three systems, facts about one of them, and rules written for a test."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from policies.action import Effect, Target, action, actions_of
from policies.decision import Facts, Level
from policies.engine import Rules


class Kubernetes:
    @action(Effect.READ)
    async def deployment(self, name: str, namespace: str) -> None: ...

    @action(Effect.CHANGE, bound=50)
    async def scale(self, deployment: str, namespace: str, replicas: int, labels: list[str] | None = None) -> None: ...

    @action(Effect.DESTROY)
    async def delete(self, deployment: str, namespace: str) -> None: ...


class Cdk:
    @action(Effect.CHANGE)
    async def deploy(self, service: str, environment: str, change: str) -> None: ...


class Jira:
    @action(Effect.READ)
    async def issue(self, key: str) -> None: ...

    @action(Effect.CHANGE)
    async def comment(self, key: str, body: str, hours: float = 0.0) -> None: ...


ACTIONS = {**actions_of(Kubernetes), **actions_of(Cdk), **actions_of(Jira)}

SCALE = Facts(
    action="kubernetes.scale",
    effect=Effect.CHANGE,
    args={"deployment": "web-app", "namespace": "staging", "replicas": 4, "labels": None},
    target=Target("staging/web-app", "staging"),
    person="ada",
    channel="voice",
    intent="scale_deployment",
    tier="medium",
    before=2,
    after=4,
    bound=50,
)


FRIDAY = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)


def load(folder: Path, text: str) -> Rules:
    file = folder / "mine.cedar"
    file.write_text(text, "utf-8")
    return Rules.load([file], ACTIONS)


APPROVALS = {
    Level.AUTO: "",
    Level.CONFIRM: '@approval("confirm")',
    Level.APPROVE: '@approval("approve")',
    Level.CHANGE: '@approval("change")',
}
