"""The description is made from the routes, so that it cannot be about others."""

from __future__ import annotations

from pydantic import Field
from starlette.responses import Response

from daemon.web.openapi import describe
from daemon.web.routes import Access, Route, Values, Visit


class Query(Values):
    limit: int = Field(5, ge=1)


class Body(Values):
    word: str


async def nothing(visit: Visit) -> Response:
    return Response()


ROUTES = (
    Route("GET", "/pages", nothing, "For people."),
    Route("GET", "/api/things/{run}", nothing, "A thing.", query=Query, answer=dict[str, int], problems=(404,)),
    Route("POST", "/api/things", nothing, "A new thing.", Access.CHANGE, body=Body, answer=dict[str, int]),
)


def test_what_programs_can_ask_is_described() -> None:
    described = describe(ROUTES)
    assert set(described["paths"]) == {"/api/things/{run}", "/api/things"}
    get = described["paths"]["/api/things/{run}"]["get"]
    assert [(each["name"], each["in"], each["required"]) for each in get["parameters"]] == [
        ("run", "path", True),
        ("limit", "query", False),
    ]
    assert get["parameters"][1]["schema"]["minimum"] == 1 and "requestBody" not in get
    assert {"200", "400", "403", "404"} <= set(get["responses"]) and get["security"] == [{"session": []}]


def test_what_is_posted_is_described() -> None:
    post = describe(ROUTES)["paths"]["/api/things"]["post"]
    assert post["requestBody"]["required"]
    schema = post["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["word"] and schema["additionalProperties"] is False
    assert post["security"] == [{"session": [], "token": []}] and {"413", "415"} <= set(post["responses"])
    assert "session that may change things" in post["description"]
    assert len({each["operationId"] for path in describe(ROUTES)["paths"].values() for each in path.values()}) == 2
