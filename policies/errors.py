"""What can go wrong with an action."""

from __future__ import annotations

from typing import ClassVar

from policies.outside import Outside, boxed, said, stored, unboxed
from policies.scope import OutsideRun

__all__ = ["IntegrationError", "OutsideRun", "Unreachable"]


class IntegrationError(Exception):
    """A system said no, and why.

    Its arguments are JSON, so that a replayed run raises the same error; a text from outside among them is stored with
    its box. A subclass says its message in `__str__` where it has only DevOS's own words in it, in `said` otherwise.
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
        return said(str(self)) if own else self._message

    def __str__(self) -> str:
        """The message for people, made safe to be shown."""
        return unboxed(self._message if type(self).said is IntegrationError.said else self.said)

    @property
    def _message(self) -> Outside[str]:
        """The only argument as the message; several of them as Python shows them."""
        return boxed(self.args[0]) if len(self.args) == 1 else said(super().__str__())


IntegrationError.known[f"{IntegrationError.__module__}.{IntegrationError.__qualname__}"] = IntegrationError


class Unreachable(IntegrationError):
    """No answer came, so whether a change happened is not known. Only this error is ever tried again."""
