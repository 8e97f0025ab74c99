"""New Relic: what runs, how hard it works and how well. NerdGraph (GraphQL)."""

from __future__ import annotations

from dataclasses import dataclass

from policies.action import Content, Effect, IntegrationError, Json, Target, action


@dataclass(frozen=True)
class Usage:
    """What a deployment's pods use, averaged over the time asked for."""

    deployment: str
    namespace: str
    cpu_percent: float | None
    """Average of the processor use per pod, in percent; None when New Relic has no data."""
    memory_bytes: float | None
    """Average memory per pod in bytes; None when New Relic has no data."""
    pods: int
    """How many pods reported."""
    minutes: int


@dataclass(frozen=True)
class Health:
    """How a service has been doing."""

    service: str
    environment: str
    healthy: bool
    error_percent: float
    throughput: float
    """Requests a minute."""
    summary: str
    """One sentence for a person."""


class QueryFailed(IntegrationError):
    """New Relic did not answer a query; the message says why."""


class NewRelic:
    """One New Relic account."""

    def __init__(
        self, api_key: str, account: int, *, url: str = "https://api.newrelic.com", errors_below: float = 5.0
    ) -> None:
        """Remember the account.

        Args:
            api_key: a user key ("NRAK-...").
            account: the account's number.
            url: NerdGraph's host (https://api.eu.newrelic.com in Europe), without `/graphql`.
            errors_below: a service is healthy while fewer than this percentage of its requests fail.
        """

    @action(Effect.READ)
    async def usage(self, deployment: str, namespace: str, minutes: int = 5) -> Usage:
        """Processor and memory that the deployment's pods use."""
        raise NotImplementedError

    @action(Effect.READ)
    async def health(self, service: str, environment: str, minutes: int = 15) -> Health:
        """Errors and throughput of a service."""
        raise NotImplementedError

    @action(Effect.READ)
    async def nrql(self, query: str) -> list[dict[str, Json]]:
        """The rows of one NRQL query."""
        raise NotImplementedError
