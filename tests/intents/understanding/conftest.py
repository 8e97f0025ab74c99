"""The three requests as far as understanding sees them, and a small company's names."""

from dataclasses import dataclass
from pathlib import Path

import pytest

import intents
from intents.context import Context
from intents.intent import Intent, intent
from intents.understanding.catalogue import Catalogue
from intents.understanding.slots import (
    DeploymentName,
    EnvironmentName,
    Replicas,
    ServiceName,
    TicketKey,
    Version,
)
from intents.understanding.understand import Understanding

BESIDE = Path(intents.__file__).parent
DEPLOYMENTS = (
    "web-app",
    "checkout",
    "payment-service",
    "user-auth-service",
    "notification-service",
    "analytics-service",
)


@dataclass(frozen=True)
class Scale:
    deployment: DeploymentName
    replicas: Replicas
    namespace: EnvironmentName = "production"
    ticket: TicketKey | None = None


@dataclass(frozen=True)
class Deploy:
    service: ServiceName
    environment: EnvironmentName
    version: Version | None = None
    ticket: TicketKey | None = None


@dataclass(frozen=True)
class Count:
    deployment: DeploymentName
    namespace: EnvironmentName = "production"


@intent(
    "scale [the] {deployment} [deployment] to {replicas} [replicas] [and monitor the rollout]",
    tier="medium",
    beside=BESIDE / "scale_deployment.yaml",
)
async def scale_deployment(want: Scale) -> str:
    return f"{want.deployment} has {want.replicas} replicas."


@intent(
    "deploy [the] {service} [service] to {environment} [using CDK] [and create a change request]",
    tier="complex",
    beside=BESIDE / "deploy_service.yaml",
)
async def deploy_service(want: Deploy) -> str:
    return f"{want.service} runs in {want.environment}."


@intent(
    "how many replicas does {deployment} have [in {namespace}]", tier="simple", beside=BESIDE / "count_replicas.yaml"
)
async def count_replicas(want: Count) -> str:
    return f"{want.deployment} has some."


@pytest.fixture(scope="session")
def requests() -> list[Intent]:
    """The three requests, with workflows that reach no system."""
    return [scale_deployment, deploy_service, count_replicas]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.of(
        deployment={"production": DEPLOYMENTS, "staging": DEPLOYMENTS},
        service=DEPLOYMENTS,
        environment=("production", "staging"),
        project=("DEV", "PERF", "CODE"),
    )


@pytest.fixture(scope="session")
def understanding(requests: list[Intent], catalogue: Catalogue) -> Understanding:
    return Understanding(requests, catalogue)


@pytest.fixture
def context() -> Context:
    """Nobody works on anything in particular."""
    return Context(project=None, branch=None, ticket=None, folder=None, person="ines")
