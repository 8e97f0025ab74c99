"""What can go wrong with an action."""

from __future__ import annotations

from typing import ClassVar


class IntegrationError(Exception):
    """A system said no, and why. Its arguments must be JSON, so that a replayed run raises the same error."""

    known: ClassVar[dict[str, type[IntegrationError]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        IntegrationError.known[f"{cls.__module__}.{cls.__qualname__}"] = cls

    @property
    def kind(self) -> str:
        """The class's full name, by which `known` finds it again."""
        return f"{type(self).__module__}.{type(self).__qualname__}"


IntegrationError.known[f"{IntegrationError.__module__}.{IntegrationError.__qualname__}"] = IntegrationError


class Unreachable(IntegrationError):
    """No answer came, so whether a change happened is not known. Only this error is ever tried again."""


class OutsideRun(RuntimeError):
    """An action was called where none may be: outside a run, inside another action, or in a stray task."""
