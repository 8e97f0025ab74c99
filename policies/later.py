"""Values that exist only once a change is made, as they stand in a plan.

In a plan a change answers with a `Later`: a reference to the result it will have. It can be passed on, shown in
text and asked for its attributes; whatever would have to know the value raises `NotKnownYet`, and the plan ends there.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any, NoReturn

from policies.action import Json
from policies.outside import BOX, merged

REFERENCE = "$later"
TEXT = "$text"


class NotKnownYet(Exception):
    """The request has to know a value that exists only after an earlier step."""


class UnknownReference(Exception):
    """A text holds what looks like a reference to a later value, but is none of this plan's."""


class Later:
    """The result of step `of`, or a part of it, that is still to come."""

    __slots__ = ("_marks", "_of", "_path")

    def __init__(self, marks: Marks, of: int, path: tuple[str, ...] = ()) -> None:
        self._marks, self._of, self._path = marks, of, path

    def __getattr__(self, name: str) -> Later:
        if name.startswith("__"):
            raise AttributeError(name)
        return Later(self._marks, self._of, (*self._path, name))

    def __format__(self, spec: str) -> str:
        return self._marks.token(self._of, self._path, spec)

    def __str__(self) -> str:
        return format(self, "")

    def __repr__(self) -> str:
        return f"<{'.'.join(self._path) or 'result'} from step {self._of}>"

    def _unknown(self, *_: object) -> NoReturn:
        raise NotKnownYet(f"{'.'.join(self._path) or 'the result'} of step {self._of} is known only once it is done")

    __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _unknown
    __hash__ = __iter__ = __len__ = __contains__ = __getitem__ = __call__ = _unknown
    __int__ = __float__ = __index__ = __round__ = __abs__ = __neg__ = _unknown
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __pow__ = __rpow__ = _unknown
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _unknown
    __divmod__ = __rdivmod__ = _unknown


class Marks:
    """The tokens by which one plan's later values are found again inside text."""

    def __init__(self) -> None:
        self._nonce = secrets.token_hex(8)
        self._pattern = re.compile(rf"@@later {self._nonce} (\d+) ([\w.]*) ([^@]*)@@")

    def token(self, of: int, path: tuple[str, ...], spec: str) -> str:
        """The text that stands for a later value until it is known."""
        return f"@@later {self._nonce} {of} {'.'.join(path)} {spec}@@"

    def encode(self, value: Json) -> Json:
        """A JSON value with every token replaced by a reference, so that it is the same in every plan.

        Raises:
            UnknownReference: text holds a token that is not one of this plan's, or half of one.
        """
        if isinstance(value, str):
            return self._segments(value)
        if isinstance(value, list):
            return [self.encode(each) for each in value]
        if isinstance(value, dict) and BOX in value:  # only our own words in it can hold a token
            return {BOX: [self.encode(part) if isinstance(part, str) else part for part in value[BOX]]}
        if isinstance(value, dict):
            return {key: self.encode(each) for key, each in value.items()}
        return value

    def readable(self, text: str) -> str:
        """Text as a person reads it: this plan's tokens in words; what only looks like one is somebody's text."""
        return self._pattern.sub(lambda token: spoken(_referred(token)), text)

    def _segments(self, text: str) -> Json:
        parts: list[Json] = []
        end = 0
        for found in self._pattern.finditer(text):
            parts += [text[end : found.start()], _referred(found)]
            end = found.end()
        parts.append(text[end:])
        if any("@@later " in part for part in parts if isinstance(part, str)):
            raise UnknownReference(f"{text!r} holds a reference that this plan did not make.")
        kept = [part for part in parts if part != ""]
        return {TEXT: kept} if end else text


def reference(of: int, path: tuple[str, ...], spec: str = "") -> Json:
    """How a later value stands in a plan's JSON."""
    return {REFERENCE: {"of": of, "path": list(path), "format": spec}}


def _referred(token: re.Match[str]) -> Json:
    of, path, spec = token.groups()
    return reference(int(of), tuple(filter(None, path.split("."))), spec)


def argument(marks: Marks, value: Any, dumped: Json) -> Json:
    """An argument of a planned call as JSON: a reference where the whole of it is still to come."""
    return reference(value._of, value._path) if isinstance(value, Later) else marks.encode(dumped)


def resolve(value: Json, results: Mapping[int, Json]) -> Json:
    """A planned value with its references replaced by the results that the run's steps really had.

    Raises:
        KeyError, IndexError, TypeError: a result it refers to is missing or has no such part.
    """
    if isinstance(value, list):
        return [resolve(each, results) for each in value]
    if not isinstance(value, dict):
        return value
    if BOX in value:
        return {BOX: merged([piece for part in value[BOX] for piece in _pieces(part, results)])}
    if REFERENCE in value:
        return _part(value[REFERENCE], results)
    if TEXT in value:
        return "".join(map(str, _pieces(value, results)))
    return {key: resolve(each, results) for key, each in value.items()}


def _pieces(part: Json, results: Mapping[int, Json]) -> list[Json]:
    """What a part of a text becomes: our own words, and, where a result is from outside, the parts of its box."""
    if isinstance(part, str) or TEXT not in part:
        return [part]
    found: list[Json] = []
    for each in part[TEXT]:
        if isinstance(each, str):
            found.append(each)
            continue
        result = _part(each[REFERENCE], results)
        boxed = isinstance(result, dict) and BOX in result
        found += result[BOX] if boxed else [format(result, each[REFERENCE]["format"])]
    return found


def _part(spec: Json, results: Mapping[int, Json]) -> Json:
    part = results[spec["of"]]
    for name in spec["path"]:
        part = part[name]
    return part


def spoken_in(value: Json) -> set[str]:
    """Every reference in a planned value, as a person reads it."""
    if isinstance(value, list):
        return {each for part in value for each in spoken_in(part)}
    if not isinstance(value, dict):
        return set()
    if REFERENCE in value:
        return {spoken(value)}
    return {each for part in value.values() for each in spoken_in(part)}


def spoken(value: Json) -> str:
    """A planned value as a person reads it: "Released as [number from step 2]"."""
    if isinstance(value, dict) and REFERENCE in value:
        spec = value[REFERENCE]
        return f"[{'.'.join(spec['path']) or 'result'} from step {spec['of']}]"
    if isinstance(value, dict) and (TEXT in value or BOX in value):
        return "".join(part if isinstance(part, str) else spoken(part) for part in value.get(TEXT) or value[BOX])
    if isinstance(value, dict) and value.keys() == {"value", "from"}:  # a part of a box
        return str(value["value"])
    return str(value)
