"""AWS CDK: deploy a service's stack, and roll a failed one back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from policies.action import Effect, Found, IntegrationError, Preview, Target, action


@dataclass(frozen=True)
class Deployment:
    """A stack that was deployed."""

    stack: str
    outputs: dict[str, str]
    """The stack's outputs by name."""
    changed: bool
    """False when the stack already was as it should be."""


@dataclass(frozen=True)
class RolledBack:
    """A stack that was taken back to its last stable state."""

    stack: str


class DeployFailed(IntegrationError):
    """The program ended with an error."""

    def __init__(self, stack: str, code: int, lines: list[str]) -> None:
        super().__init__(stack, code, lines)
        self.stack, self.code, self.lines = stack, code, lines


class NoSuchApp(IntegrationError):
    """There is no CDK app for that service."""

    def __init__(self, service: str, folder: str, known: list[str]) -> None:
        super().__init__(service, folder, known)


class Cdk:
    """The CDK apps below one folder, one folder per service."""

    def __init__(
        self,
        program: str,
        apps: Path,
        *,
        commands: Path,
        env: Mapping[str, str],
        stacks: Mapping[str, str] | None = None,
        timeout: float = 3600.0,
    ) -> None:
        """Remember where things are; nothing runs yet.

        Args:
            program: the `cdk` program.
            apps: the folder with one CDK app per service: apps/user-auth-service.
            commands: where the record of every command is kept.
            env: variables for the program (AWS_PROFILE, AWS_REGION, ...); of this process's own only PATH, HOME and the like
                are handed on.
            stacks: "service@environment" → stack, where the name does not follow from the two.
            timeout: seconds until a command is ended.
        """

    @action(Effect.CHANGE, change="change")
    async def deploy(self, service: str, environment: str, change: str) -> Deployment:
        """Deploy the service's stack of that environment.

        Args:
            change: the number of the change request this belongs to; empty without one.
        """
        raise NotImplementedError

    @action(Effect.CHANGE)
    async def rollback(self, service: str, environment: str) -> RolledBack:
        """Take a failed deployment back to the stack's last stable state."""
        raise NotImplementedError
