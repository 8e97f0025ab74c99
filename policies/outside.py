"""Values from outside: boxed where they enter, so that nobody's text can act as somebody's wish.

Whatever free text a ticket, a log line, a model or any other system holds arrives as an `Outside`. It can be passed on
to where text is only shown (`Content`), and joined with `said(...)`; both keep the box. Whoever needs the value itself
calls `open()`, which marks the run: from then on an argument that selects counts as clean only if the person said it,
or the request's own code or the settings hold it (policies/facts.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Generic, NoReturn, TypeVar, cast, get_args

from pydantic import GetCoreSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema, core_schema

from policies.scope import OutsideRun, in_request, is_performing, note_opened
from policies.visible import visible

T = TypeVar("T")

BOX = "$outside"
"""The key under which a box stands in JSON: {"$outside": ["said: ", {"value": "…", "from": "jira DEV-1 summary"}]}."""


class MustStayBoxed(TypeError):
    """A value from outside was used as if it were our own."""


class Outside(Generic[T]):
    """A value that came from outside, with where it came from."""

    __slots__ = ("_parts",)
    __hash__ = None  # type: ignore[assignment]  # a set or a dictionary would compare what is inside

    def __init__(self, value: T, source: str) -> None:
        """Box a value.

        Args:
            value: as the system gave it.
            source: the system's name, then what it is: "jira DEV-456 description".
        """
        self._parts: tuple[Any, ...] = ({"value": value, "from": source},)

    @classmethod
    def _of(cls, parts: Iterable[Any]) -> Outside[Any]:
        box: Outside[Any] = cls.__new__(cls)
        box._parts = tuple(parts)
        return box

    @property
    def sources(self) -> tuple[str, ...]:
        """Where it came from, each place once."""
        return tuple(dict.fromkeys(part["from"] for part in self._parts if not isinstance(part, str)))

    @property
    def is_nothing(self) -> bool:
        """Whether it was joined of nothing; a boxed empty text is something."""
        return not self._parts

    def open(self) -> T:
        """The value itself. Inside a request this marks the run as having opened these sources."""
        note_opened(self.sources)
        return self._value()

    def _value(self) -> T:
        values = [part if isinstance(part, str) else part["value"] for part in self._parts]
        return cast(T, values[0] if len(values) == 1 else "".join(map(str, values)))

    def __repr__(self) -> str:
        return f"<outside: {', '.join(self.sources) or 'nothing'}>"

    def _refuse(self, *_: object) -> NoReturn:
        raise MustStayBoxed(f"{self!r} was used as plain text: join it with said(…), or open() it on purpose.")

    __str__ = _refuse
    __format__ = _refuse
    __bool__ = __lt__ = __le__ = __gt__ = __ge__ = __len__ = __iter__ = __contains__ = __getitem__ = _refuse
    __add__ = __radd__ = __mul__ = __rmul__ = __mod__ = __rmod__ = __int__ = __float__ = __index__ = _refuse
    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = _refuse

    def __eq__(self, other: object) -> bool:
        """Compare two boxes, but only outside of requests: inside, the answer would let the text steer."""
        if not isinstance(other, Outside) or in_request():
            raise MustStayBoxed(f"{self!r} was compared: open() it on purpose.")
        return self._parts == other._parts

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        inner = TypeAdapter[Any]((get_args(source) or (Any,))[0])

        def read(value: Any) -> Outside[Any]:
            if isinstance(value, Outside):
                return value
            if isinstance(value, dict) and value.keys() == {BOX}:
                parts = value[BOX]
                if len(parts) != 1:
                    return cls._of(parts)
                return cls._of([{"value": inner.validate_python(parts[0]["value"]), "from": parts[0]["from"]}])
            return cls(inner.validate_python(value), "unknown")  # written before values were boxed

        def write(box: Outside[Any]) -> Any:
            parts = box._parts
            if len(parts) == 1 and not isinstance(parts[0], str):
                parts = ({**parts[0], "value": inner.dump_python(parts[0]["value"], mode="json")},)
            return {BOX: list(parts)}

        return core_schema.no_info_plain_validator_function(
            read, serialization=core_schema.plain_serializer_function_ser_schema(write, when_used="always")
        )


def said(*parts: object) -> Outside[str]:
    """Join pieces of text, boxed or not, into one that still knows which words came from where."""
    found: list[Any] = []
    for part in parts:
        found += part._parts if isinstance(part, Outside) else [format(part)]
    return Outside._of(merged(found))


def boxed(text: Any) -> Outside[str]:
    """A text as a box: as it came, as it stands in JSON, or our own words."""
    if isinstance(text, dict) and text.keys() == {BOX}:
        return Outside._of(text[BOX])
    return said(text)


def unboxed(text: Outside[str]) -> str:
    """A text for people, made safe to be shown; for the messages of errors, which may not fail anywhere."""
    return visible(str(text._value()))


def stored(value: Any) -> Any:
    """A value as JSON, where it is a boxed text; every other value as it is."""
    return {BOX: list(value._parts)} if isinstance(value, Outside) else value


def wire(text: str | Outside[str]) -> str:
    """The words of a `Content` argument, for the action that sends them: they go where they are only shown.

    Raises:
        OutsideRun: called anywhere but in an action's own body, its preview or its lookup.
    """
    if isinstance(text, str):
        return text
    if not is_performing():
        raise OutsideRun("wire(...) has a meaning only inside an action; a request passes the box on as it is.")
    return str(text._value())


def words(text: str | Outside[str]) -> str:
    """What a request said in the end, as text, wherever its words came from; not for a request's own code.

    Raises:
        MustStayBoxed: called inside a request.
    """
    if isinstance(text, str):
        return text
    if in_request():
        raise MustStayBoxed(f"words({text!r}) would unbox it unnoticed: open() it on purpose.")
    return str(text._value())


def attributed(text: str | Outside[str]) -> str:
    """A text for people, in which the words of others stand in quotes that they cannot close, with their source.

    Raises:
        MustStayBoxed: called inside a request.
    """
    if isinstance(text, str):
        return text
    if in_request():
        raise MustStayBoxed(f"attributed({text!r}) would unbox it unnoticed: open() it on purpose.")
    parts = text._parts
    return "".join(part if isinstance(part, str) else f"{str(part['value'])!r} ({part['from']})" for part in parts)


def plain(value: Any) -> Any:
    """A JSON value with every box replaced by what is in it: for showing, and for what is only compared."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if BOX in value:
        if not all(isinstance(part, str) or "value" in part for part in value[BOX]):
            return value  # in a plan, some of it is still to come
        parts = [part if isinstance(part, str) else part["value"] for part in value[BOX]]
        return parts[0] if len(parts) == 1 else "".join(map(str, parts))
    return {key: plain(each) for key, each in value.items()}


def merged(parts: Sequence[Any]) -> list[Any]:
    """The parts of a box in their one form: our own words that follow one another are one part, empty ones none."""
    found: list[Any] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        elif part != "":
            found.append(part)
    return found


def sources_of(value: Any) -> list[str]:
    """Where the boxed parts of a JSON value came from, each place once, in order."""
    if isinstance(value, list):
        return list(dict.fromkeys(source for each in value for source in sources_of(each)))
    if not isinstance(value, dict):
        return []
    if BOX in value:
        return list(dict.fromkeys(part["from"] for part in value[BOX] if isinstance(part, dict) and "from" in part))
    return list(dict.fromkeys(source for each in value.values() for source in sources_of(each)))
