"""What can go wrong with an action."""

from __future__ import annotations

from typing import ClassVar

from policies.outside import BOX, Outside, boxed, said, unboxed
from policies.scope import OutsideRun, note_opened

__all__ = ["IntegrationError", "OutsideRun", "Unreachable"]


class IntegrationError(Exception):
    """A system said no, and why.

    Its arguments are JSON, so that a replayed run raises the same error; a text from outside among them is in its box,
    which is stored with it. A subclass says its message in `__str__` where it has only DevOS's own words in it, in
    `_parts` otherwise.
    """

    known: ClassVar[dict[str, type[IntegrationError]]] = {}

    def __init__(self, *args: object) -> None:
        super().__init__(*(boxed(each) if isinstance(each, dict) and each.keys() == {BOX} else each for each in args))

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

    @property
    def readable(self) -> str:
        """The message for people, made safe to be shown; a request passes `said` on instead."""
        return unboxed(self.said)

    def __str__(self) -> str:
        """As `readable`; a request that asks for it has opened what others wrote in it."""
        words = said(*self._parts())
        note_opened(words.sources)
        return unboxed(words)

    def _parts(self) -> tuple[object, ...]:
        """The message in pieces, in which what others wrote is boxed: the only argument, unless a subclass knows."""
        return (boxed(self.args[0]) if len(self.args) == 1 else super().__str__(),)


IntegrationError.known[f"{IntegrationError.__module__}.{IntegrationError.__qualname__}"] = IntegrationError


class Unreachable(IntegrationError):
    """No answer came, so whether a change happened is not known. Only this error is ever tried again."""
