"""The same for programs: JSON in, JSON out, and no request that makes it fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import hypothesis
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

if TYPE_CHECKING:
    from tests.daemon.conftest import House
    from tests.daemon.web.conftest import Browser, Site

SETTINGS = hypothesis.settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
"""A few requests for each operation, the same in every run."""


async def test_runs_and_questions(site: Site, browser: Browser, own: House) -> None:
    run = await site.say("scale web-app to 10 replicas")
    (listed,) = (await browser.get("/api/runs?limit=1")).json()["runs"]
    assert listed["run"] == run["run"] and listed["status"] == "asking"
    assert (await browser.get(f"/api/runs/{run['run']}")).json()["run"]["approvals"] == run["approvals"]
    (question,) = (await browser.get("/api/approvals")).json()["approvals"]
    path = f"/api/approvals/{question['id']}"
    assert (await browser.get(path)).json() == {"approval": question}
    wrong = await browser.call(f"{path}/answer", {"answer": "yes", "digest": "0" * 64})
    assert wrong.status_code == 409 and "another plan" in wrong.json()["error"]
    right = await browser.call(f"{path}/answer", {"answer": "yes", "digest": question["digest"]})
    assert right.json()["approval"]["status"] in ("approved", "used")
    assert (await site.settled(run["run"], asks=False))["status"] == "done"
    assert own.replicas("production/web-app") == 10
    back = (await browser.call(f"/api/runs/{run['run']}/undo")).json()["run"]
    asks = await site.settled(back["run"])
    assert asks["status"] == "asking"
    assert (await browser.call(f"/api/runs/{back['run']}/cancel")).json()["run"]["status"] == "cancelled"


async def test_the_record(site: Site, browser: Browser) -> None:
    first = (await browser.get("/api/audit?limit=2")).json()
    assert len(first["entries"]) == 2 and first["before"] == first["entries"][-1]["seq"]
    rest = (await browser.get(f"/api/audit?before={first['before']}&limit=500")).json()
    assert rest["before"] is None and rest["entries"][-1]["seq"] == 1
    entry = (await browser.get("/api/audit/1")).json()["entry"]
    assert entry == rest["entries"][-1] and entry["type"] == "devos.daemon.started" and entry["time"].endswith("Z")
    assert (await browser.get("/api/audit/1/proof")).json()["seq"] == 1
    assert (await browser.call("/api/audit/verify")).json()["ok"] is True


async def test_the_whole(site: Site, browser: Browser) -> None:
    session = (await browser.get("/api/session")).json()
    assert session == {"person": site.app.person, "token": browser.token, "writable": True}
    assert (await browser.call("/api/freeze")).json() == {"frozen": True}
    health = (await browser.get("/api/health")).json()
    assert health["frozen"] and health["state"] == "warn"
    assert (await browser.call("/api/thaw")).json() == {"frozen": False} and not site.app.brake.on


async def test_what_is_not_there(browser: Browser) -> None:
    for path in ("runs/261120-00000000", "approvals/zzzzzz", "audit/999999", "audit/999999/proof"):
        answer = await browser.get(f"/api/{path}")
        assert answer.status_code == 404 and answer.json()["error"], path


def test_no_request_makes_it_fail(house: House) -> None:
    """Whatever is made up from its own description: no server error, and no answer that is not described.

    The daemon is a process of its own here, since its threads would use up the randomness that is to be the same again.
    """
    house.devos("say", "scale web-app to 10 replicas", "--json")
    base, _, link = house.ask("open")["url"].partition("/login/")
    with httpx.Client(base_url=base, headers={"Origin": base}) as browser:
        assert browser.post("/login", data={"link": link}).status_code == 303
        headers = {"Origin": base, "X-DevOS-Token": browser.get("/api/session").json()["token"]}
        cookies = dict(browser.cookies)
        schema = schemathesis.openapi.from_dict(browser.get("/api/openapi.json").json())
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    called: list[str] = []

    def call(operation: Any) -> None:
        @SETTINGS
        @hypothesis.given(case=operation.as_strategy())
        def one(case: Any) -> None:
            called.append(operation.label)
            answer = case.call(base_url=base, headers=headers, cookies=cookies)
            case.validate_response(answer, checks=checks)

        one()

    operations = [result.ok() for result in schema.get_all_operations()]
    for operation in operations:
        call(operation)
    assert set(called) == {each.label for each in operations} and len(operations) >= 16 and len(called) >= 100


async def test_requests_that_are_made_up_by_hand(site: Site, browser: Browser) -> None:
    """What no description leads to."""
    cookies = {site.dashboard.cookie: next(iter(browser.client.cookies.values()))}
    async with httpx.AsyncClient(base_url=site.url, cookies=cookies, headers={"Origin": site.url}) as client:
        for text in (
            "\x00",
            "\ud83d".encode("utf-8", "surrogatepass").decode("latin-1"),
            "'; DROP TABLE x",
            '"',
            "*",
            "NEAR(",
        ):
            answer = await client.get("/api/audit", params={"text": text})
            assert answer.status_code in (200, 400), text
        big = {"answer": "yes", "digest": "0" * 64, "result": {"a": [1] * 10_000}}
        answer = await client.post("/api/approvals/zzzzzz/answer", json=big, headers={"X-DevOS-Token": browser.token})
        assert answer.status_code == 409
