"""What can go wrong with an action."""

from __future__ import annotations

from typing import ClassVar

from policies.outside import Outside, boxed, said, stored, unboxed
from policies.scope import OutsideRun

__all__ = ["IntegrationError", "OutsideRun", "Unreachable"]


class IntegrationError(Exception):
    """A system said no, and why.

    Its arguments are JSON, so that a replayed run raises the same error; a text from outside among them is stored with
    its box. A subclass says its message in `__str__` where it has only DevOS's own words in it, in `_parts` otherwise.
    """

    known: ClassVar[dict[str, type[IntegrationError]]] = {}

    def __init__(self, *args: object) -> None:
        super().__init__(*map(stored, args))

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        IntegrationError.known[f"{cls.__module__}.{cls.__qualname__}"] = cls

    @property
    def kind(self) -> str:
        """The class's full name, by which `known` finds it again."""
        return f"{type(self).__module__}.{type(self).__qualname__}"

    @property
    def said(self) -> Outside[str]:
        """The message, which a request passes on as it is: what others wrote in it stays boxed."""
        own = type(self).__str__ is not IntegrationError.__str__
        return said(str(self)) if own else said(*self._parts())

    def __str__(self) -> str:
        """The message for people, made safe to be shown."""
        return unboxed(said(*self._parts()))

    def _parts(self) -> tuple[object, ...]:
        """The message in pieces, in which what others wrote is boxed: the only argument, unless a subclass knows."""
        return (boxed(self.args[0]) if len(self.args) == 1 else super().__str__(),)


IntegrationError.known[f"{IntegrationError.__module__}.{IntegrationError.__qualname__}"] = IntegrationError


class Unreachable(IntegrationError):
    """No answer came, so whether a change happened is not known. Only this error is ever tried again."""
