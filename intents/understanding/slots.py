"""The kinds of things that can be said in a request's slots.

A slot is a field of the frozen dataclass that a request takes. Its annotation says how it is spoken and checked: a
name that exists somewhere, a whole number within bounds, a text of a known shape. The marks are read twice: by the
templates, which find the slot in a sentence, and by pydantic, which checks slots that arrive as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, TypeAlias, get_args, get_type_hints

from annotated_types import Ge, GroupedMetadata, Le
from pydantic import StringConstraints


@dataclass(frozen=True)
class Named:
    """The slot holds a name the catalogue lists."""

    kind: str
    """What the name is of, in the singular: "deployment"."""
    within: str | None = None
    """The slot that says where the name must exist, for example "namespace"."""


@dataclass(frozen=True)
class Between(GroupedMetadata):
    """The slot holds a whole number, both bounds included."""

    low: int
    high: int

    def __iter__(self) -> Iterator[Any]:
        """The bounds as pydantic reads them."""
        yield Ge(self.low)
        yield Le(self.high)


@dataclass(frozen=True)
class Shaped(GroupedMetadata):
    """The slot holds a text of a known shape."""

    pattern: str
    """A regular expression for the whole text."""
    example: str
    """What such a text looks like, for the person who said something else."""
    from_context: str | None = None
    """The field of the context that fills the slot when nothing is said."""
    begins_with: str | None = None
    """The kind of name that stands before the hyphen, where there is one: "project"."""

    def __iter__(self) -> Iterator[Any]:
        """The pattern as pydantic reads it."""
        yield from StringConstraints(pattern=f"^(?:{self.pattern})$")


Mark: TypeAlias = Named | Between | Shaped

DeploymentName = Annotated[str, Named("deployment", within="namespace")]
"""A Kubernetes deployment that exists in the namespace of the request."""
ServiceName = Annotated[str, Named("service")]
"""A service that can be deployed."""
EnvironmentName = Annotated[str, Named("environment")]
"""Where something runs: spoken "prod", written "production"."""
TicketKey = Annotated[str, Shaped(r"[A-Z][A-Z0-9]*-[1-9][0-9]*", "DEV-456", "ticket", "project")]
"""A Jira issue's key; filled from the branch's name when it is not said."""
Replicas = Annotated[int, Between(0, 1000)]
"""How many copies of a deployment run."""
Version = Annotated[str, Shaped(r"v[0-9]+(\.[0-9]+){0,2}", "v2.1.0")]
"""A release's number, with its v."""


@dataclass(frozen=True)
class Slot:
    """One field of a request, as the understanding sees it."""

    name: str
    mark: Mark
    required: bool
    default: object = None

    @property
    def question(self) -> str:
        """What to ask the person when the slot is missing."""
        words = self.name.replace("_", " ")
        return f"How many {words}?" if isinstance(self.mark, Between) else f"Which {words}?"


def slots_of(kind: type) -> dict[str, Slot]:
    """The speakable slots of a request's dataclass, in order.

    Fields without a mark can't be spoken; they keep their default.
    """
    hints = get_type_hints(kind, include_extras=True)
    found: dict[str, Slot] = {}
    for each in fields(kind):
        mark = _mark(hints[each.name])
        if mark is not None:
            required = each.default is MISSING and each.default_factory is MISSING
            default = None if each.default is MISSING else each.default
            found[each.name] = Slot(each.name, mark, required, default)
    return found


def _mark(hint: Any) -> Mark | None:
    """The first mark in an annotation, also inside `X | None`."""
    for part in get_args(hint):
        if isinstance(part, Named | Between | Shaped):
            return part
        inner = _mark(part)
        if inner is not None:
            return inner
    return None


def slots_in(sentence: str) -> frozenset[str]:
    """The names of the slots a template mentions: `{replicas}`."""
    return frozenset(re.findall(r"\{([^{}]*)\}", sentence))


def rules_in(sentence: str) -> frozenset[str]:
    """The names of the shared parts a template mentions: `<where>`."""
    return frozenset(re.findall(r"<([^<>]*)>", sentence))
