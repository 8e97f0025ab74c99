"""JSON as text for people, with the pieces that others wrote told apart."""

from __future__ import annotations

import json
from datetime import datetime

from daemon.web.pages import Piece
from policies.action import Json
from policies.outside import BOX, plain


def text_of(value: Json) -> str:
    """A value as a person reads it: text as it is, anything else as JSON, on many lines where it has an inside."""
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    nested = isinstance(value, dict | list) and bool(value)
    return json.dumps(value, ensure_ascii=False, indent=2 if nested else None)


def pieces_of(value: Json) -> tuple[Piece, ...]:
    """A value in pieces: what came from outside apart from our own words."""
    if not (isinstance(value, dict) and BOX in value):
        return (Piece(text_of(value)),)
    parts = value[BOX] if isinstance(value[BOX], list) else []
    return tuple(
        Piece(text_of(part.get("value")), str(part.get("from"))) if isinstance(part, dict) else Piece(text_of(part))
        for part in parts
    )


def moment(text: object) -> datetime | None:
    """A moment as it is stored; None where there is none."""
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None
