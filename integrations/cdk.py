"""AWS CDK: deploy a service's stack, and roll a failed one back.

Written from "AWS CDK CLI reference" (docs.aws.amazon.com/cdk): `cdk deploy`, `cdk diff`, `cdk rollback`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from subprocess import DEVNULL, PIPE

from integrations.command import Finished, finished, run, surroundings
from policies.action import Effect, Found, IntegrationError, Outside, Preview, Target, action, idempotency_key
from policies.visible import visible

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
"""What a service and an environment may be called: both become part of a path and of a stack's name."""
LAST_LINES = 15
"""How much of a failed program's words an error carries."""
LONGEST_LINE = 500
"""Characters of each of them."""
MOST_EVIDENCE = 20_000
"""Characters of a diff that a plan shows; whoever needs more of it looks at `cdk diff`."""
STABLE = "No stacks were in a state that could be rolled back"
"""What `cdk rollback` says, with an error, about a stack that is stable."""

DIFF_SECONDS = 90.0


@dataclass(frozen=True)
class Deployment:
    """A stack that was deployed."""

    stack: str
    outputs: dict[str, Outside[str]]
    """The stack's outputs by name, which has letters, digits and underscores only."""
    changed: bool
    """False when the stack already was as it should be."""


@dataclass(frozen=True)
class RolledBack:
    """A stack that was taken back to its last stable state."""

    stack: str
    moved: bool
    """False when it was there already, as after a failed deployment that CloudFormation took back by itself."""


class DeployFailed(IntegrationError):
    """`cdk` ended with an error."""

    def __init__(self, stack: str, code: int, lines: list[str]) -> None:
        super().__init__(stack, code, lines)
        self.stack, self.code = stack, code
        self.lines = Outside("\n".join(lines), f"cdk {stack} output") if lines else None

    def _parts(self) -> tuple[object, ...]:
        words = "It printed nothing." if self.lines is None else self.lines
        return (f"cdk failed with {self.stack} (exit status {self.code}). Its last words:\n", words)


class NoSuchApp(IntegrationError):
    """There is no CDK app for that service."""

    def __init__(self, service: str, folder: str, nearest: list[str]) -> None:
        super().__init__(service, folder, nearest)
        self.service, self.folder, self.nearest = service, folder, nearest

    def __str__(self) -> str:
        instead = f"did you mean {' or '.join(self.nearest)}?" if self.nearest else "put one there, with its cdk.json."
        return f"There is no CDK app for {self.service!r} in {self.folder}; {instead}"


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
        within: float = 3600.0,
    ) -> None:
        """Remember where things are; nothing runs yet.

        Args:
            program: the `cdk` program.
            apps: the folder with one CDK app per service: apps/user-auth-service.
            commands: where the record of every command is kept.
            env: variables for the program (AWS_PROFILE, AWS_REGION, ...). Of this process's own, only PATH, HOME and
                the like are handed on.
            stacks: "service@environment" → stack, where the name does not follow from the two.
            within: seconds until a command is ended.
        """
        self._program, self._apps, self._commands = program, apps, commands
        self._env, self._stacks, self._within = env, stacks or {}, within

    @action(Effect.CHANGE, change="change")
    async def deploy(self, service: str, environment: str, change: str, version: str | None = None) -> Deployment:
        """Deploy the service's stack of that environment.

        Args:
            service: the service, whose app is the folder of that name.
            environment: production, staging or development.
            change: the number of the change request this belongs to; empty without one.
            version: the release, handed to the app as its context value "version"; None leaves the choice to the app.

        Raises:
            NoSuchApp: there is no app for the service.
            DeployFailed: `cdk` ended with an error; its last lines are in it.
            Interrupted, TookTooLong, CannotRun: as `integrations.command` says.
        """
        stack = self._stack(service, environment)
        options = [*_context(version), "--require-approval", "never"]
        return _deployed(stack, await self._run(service, "deploy", stack, *options))

    @deploy.target
    def _deploy_target(self, service: str, environment: str, change: str, version: str | None = None) -> Target:
        return Target(f"{service}@{environment}", environment)

    @deploy.preview
    async def _deploy_preview(self, service: str, environment: str, change: str, version: str | None = None) -> Preview:
        stack = self._stack(service, environment)
        what = f"{service} {version}" if version else service
        return Preview(
            f"Deploy {what} to {environment} with CDK (stack {stack})",
            "Deploy the version before again; after a failure, `cdk rollback` takes it to its last stable state",
            evidence=await self._diff(service, stack, version),
        )

    @deploy.lookup
    async def _deploy_lookup(
        self, service: str, environment: str, change: str, version: str | None = None
    ) -> Found[Deployment] | None:
        """Found once it has ended well. What failed or still runs is not begun again by asking again: see `command`."""
        ended = finished(idempotency_key(), self._commands)
        if ended is None or ended.code != 0:
            return None
        return Found(_deployed(self._stack(service, environment), ended))

    @action(Effect.CHANGE)
    async def rollback(self, service: str, environment: str) -> RolledBack:
        """Take a failed deployment back to the stack's last stable state.

        Raises:
            NoSuchApp: there is no app for the service.
            DeployFailed: `cdk` ended with an error; its last lines are in it.
            Interrupted, TookTooLong, CannotRun: as `integrations.command` says.
        """
        stack = self._stack(service, environment)
        try:
            await self._run(service, "rollback", stack)
        except DeployFailed as failed:
            if STABLE not in failed.readable:
                raise
            return RolledBack(stack, moved=False)
        return RolledBack(stack, moved=True)

    @rollback.target
    def _rollback_target(self, service: str, environment: str) -> Target:
        return Target(f"{service}@{environment}", environment)

    @rollback.preview
    async def _rollback_preview(self, service: str, environment: str) -> Preview:
        stack = self._stack(service, environment)
        return Preview(f"Roll {service} in {environment} back to its last stable state (stack {stack})")

    @rollback.lookup
    async def _rollback_lookup(self, service: str, environment: str) -> Found[RolledBack] | None:
        ended = finished(idempotency_key(), self._commands)
        if ended is None or ended.code != 0:
            return None
        return Found(RolledBack(self._stack(service, environment), moved=True))

    def _stack(self, service: str, environment: str) -> str:
        """user-auth-service and staging make UserAuthStagingStack."""
        for name in (service, environment):
            if not NAME.fullmatch(name):
                raise NoSuchApp(name, str(self._apps), [])
        named = self._stacks.get(f"{service}@{environment}")
        words = [*service.removesuffix("-service").split("-"), environment]
        return named or "".join(word[:1].upper() + word[1:] for word in words) + "Stack"

    def _app(self, service: str) -> Path:
        app = self._apps / service
        if not app.is_dir():
            there = [each.name for each in self._apps.iterdir() if each.is_dir()] if self._apps.is_dir() else []
            raise NoSuchApp(service, str(self._apps), get_close_matches(service, there, 3))
        return app

    async def _run(self, service: str, *arguments: str) -> Finished:
        ended = await run(
            [self._program, *arguments],
            key=idempotency_key(),
            folder=self._commands,
            cwd=self._app(service),
            env=self._env,
            within=self._within,
        )
        if ended.code != 0:
            raise DeployFailed(arguments[1], ended.code, _last_lines(ended))
        return ended

    async def _diff(self, service: str, stack: str, version: str | None) -> str:
        """What `cdk diff` says. It is there to help judging, so its own failure is only mentioned."""
        app = self._app(service)
        try:
            process = await asyncio.create_subprocess_exec(
                self._program,
                "diff",
                stack,
                *_context(version),
                cwd=app,
                env=surroundings(self._env),
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=PIPE,
            )
        except OSError as error:
            return f"cdk diff could not be run: {error.strerror}"
        try:
            out, err = await asyncio.wait_for(process.communicate(), DIFF_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
            return f"cdk diff had nothing to say within {DIFF_SECONDS:g} s"
        said = visible((out + err).decode(errors="replace")).strip()
        if process.returncode != 0:
            return f"cdk diff failed: {said[-1000:]}"
        more = len(said) - MOST_EVIDENCE
        return said if more <= 0 else f"{said[:MOST_EVIDENCE]}\n({more:,} more characters are not shown here)"


def _context(version: str | None) -> list[str]:
    return ["--context", f"version={version.removeprefix('v')}"] if version else []


def _deployed(stack: str, ended: Finished) -> Deployment:
    """What a finished `cdk deploy` did. It prints outputs as "Stack.Name = value", on either stream."""
    said = visible(f"{ended.out}\n{ended.err}")
    found = re.findall(rf"^{re.escape(stack)}\.(\w+) = (.*)$", said, re.MULTILINE | re.ASCII)
    outputs = {name: Outside(value, f"cdk {stack} output") for name, value in found}
    return Deployment(stack, outputs, changed="(no changes)" not in said)


def _last_lines(ended: Finished) -> list[str]:
    said = visible(f"{ended.out}\n{ended.err}").splitlines()
    return [line.rstrip()[:LONGEST_LINE] for line in said if line.strip()][-LAST_LINES:]
