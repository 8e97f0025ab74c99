"""The three requests, and a small company's names."""

import pytest

from intents.context import Context
from intents.count_replicas import count_replicas
from intents.deploy_service import deploy_service
from intents.intent import Intent
from intents.scale_deployment import scale_deployment
from intents.understanding.catalogue import Catalogue
from intents.understanding.understand import Understanding

DEPLOYMENTS = (
    "web-app",
    "checkout",
    "payment-service",
    "user-auth-service",
    "notification-service",
    "analytics-service",
)


@pytest.fixture(scope="session")
def requests() -> list[Intent]:
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
