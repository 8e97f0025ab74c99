"""How the simulated systems behave: each setting may be changed while they run, and is kept on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Settings:
    """The knobs of one sandbox."""

    rollout_seconds: float = 3.0
    """From a new replica count or image until every pod of it is ready."""
    pods_never_ready: tuple[str, ...] = ()
    """Deployments, as "namespace/name", whose new pods never become ready."""
    change_approval_seconds: float | None = None
    """After how long the company's own people decide about a change request; None: they wait to be told."""
    refuse_changes: bool = False
    """Whether the company's own people refuse change requests; at once where no time is set."""
    auto_approve_staging: bool = False
    """Whether a change request that speaks of staging is approved the moment approval is asked for."""
    cdk_seconds: float = 2.0
    """How long `cdk deploy` takes."""
    cdk_fails: bool = False
    """Whether `cdk deploy` fails and rolls back."""
    unhealthy: tuple[str, ...] = ()
    """Services, as "environment/name", that New Relic shows with a high error rate."""

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Settings:
        """Settings from JSON; what is not named has its default.

        Raises:
            ValueError: there is no such setting, or the value is of the wrong type.
        """
        known = {field.name: field.default for field in fields(cls)}
        values = {}
        for name, value in body.items():
            if name not in known:
                raise ValueError(f"there is no setting {name!r}; there are {', '.join(known)}")
            values[name] = _checked(name, value, known[name])
        return cls(**values)

    def json(self) -> dict[str, Any]:
        """The settings as JSON."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def _checked(name: str, value: Any, default: Any) -> Any:
    if isinstance(default, bool):
        right, wanted = isinstance(value, bool), "true or false"
    elif isinstance(default, tuple):
        right = isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
        wanted = "a list of names"
    else:
        number = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        right = number or (default is None and value is None)
        wanted = "a number of seconds" if default is not None else "a number of seconds, or null"
    if not right:
        raise ValueError(f"{name} must be {wanted}, not {value!r}")
    return tuple(value) if isinstance(default, tuple) else value
