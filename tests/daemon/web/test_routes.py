"""Paths and what may stand in them."""

from __future__ import annotations

import pytest
from starlette.responses import Response

from daemon.web.routes import PARAMETERS, Route, Visit


async def nothing(visit: Visit) -> Response:
    return Response()


def match(path: str, asked: str) -> dict[str, str] | None:
    return Route("GET", path, nothing, "").match(asked)


def test_a_path_is_taken_apart() -> None:
    assert match("/runs/{run}", "/runs/261120-1f3a9c2e") == {"run": "261120-1f3a9c2e"}
    assert match("/audit/{seq}/proof", "/audit/17/proof") == {"seq": "17"}
    assert match("/", "/") == {}


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/runs/{run}", "/runs/"),
        ("/runs/{run}", "/runs/a/b"),
        ("/runs/{run}", "/runs/a\n"),
        ("/runs/{run}", "/runs/.."),
        ("/runs/{run}", "/runs/\N{CYRILLIC SMALL LETTER A}"),
        ("/runs/{run}", "/runs/" + "a" * 41),
        ("/audit/{seq}", "/audit/0"),
        ("/audit/{seq}", "/audit/-1"),
        ("/audit/{seq}", "/audit/\N{ARABIC-INDIC DIGIT THREE}"),
        ("/static/{file}", "/static/../pages.py"),
        ("/static/{file}", "/static/.hidden"),
        ("/api/openapi.json", "/api/openapixjson"),
        ("/inbox", "/inbox\n"),
        ("/inbox", "/Inbox"),
        ("/inbox", "//inbox"),
    ],
)
def test_any_other_path_is_another(path: str, asked: str) -> None:
    assert match(path, asked) is None


def test_a_place_without_a_shape_is_an_error() -> None:
    with pytest.raises(KeyError):
        Route("GET", "/{whatever}", nothing, "")
    assert "whatever" not in PARAMETERS


def test_what_is_for_programs() -> None:
    assert Route("GET", "/api/runs", nothing, "").for_programs
    assert not Route("GET", "/apiary", nothing, "").for_programs
