from __future__ import annotations

from typing import Any

import pytest

from daemon.asking.links import MOST, Link, links_of

PLACES = {"Jira": "https://larkfield.example/", "ServiceNow": "https://snow.example", "Logs": "https://logs.example"}


def change(**more: Any) -> dict[str, Any]:
    return {"args": {}, "summary": "", "evidence": "", "undo": "", "target": "", "quoted": {}, "outside": [], **more}


def urls(*changes: dict[str, Any]) -> list[str]:
    return [link.url for link in links_of(list(changes), PLACES)]


def test_records_that_the_arguments_name() -> None:
    found = links_of([change(args={"ticket": "DEV-456", "change": "CHG0030001", "incident": "INC0010002"})], PLACES)
    assert found == [
        Link("Open DEV-456", "https://larkfield.example/browse/DEV-456"),
        Link("Open CHG0030001", "https://snow.example/nav_to.do?uri=task.do%3Fsysparm_query%3Dnumber%3DCHG0030001"),
        Link("Open INC0010002", "https://snow.example/nav_to.do?uri=task.do%3Fsysparm_query%3Dnumber%3DINC0010002"),
    ]


def test_addresses_in_our_own_words() -> None:
    plan = [change(evidence="See https://logs.example/search?q=web-app&from=1h. Twice: https://logs.example/x")]
    assert urls(*plan) == ["https://logs.example/search?q=web-app&from=1h", "https://logs.example/x"]
    assert links_of(plan, PLACES)[0].title == "Open in Logs"
    assert urls(*plan, *plan) == urls(*plan)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "https://logs.example.evil.example/x",
        "https://logs.example@evil.example/x",
        "http://logs.example/x",
        "https://logs.example",
        "javascript:alert(1)",
        "https://logs.example/\u202ex",
        "file:///etc/passwd",
    ],
)
def test_nothing_leads_anywhere_else(url: str) -> None:
    assert urls(change(evidence=f"see {url} please")) == []


def test_what_others_wrote_makes_no_link() -> None:
    url = "https://logs.example/x"
    quoted = {"body": [{"text": url, "from": "jira DEV-1 summary"}]}
    assert urls(change(args={"body": url}, quoted=quoted, evidence=url, summary=url)) == []
    assert urls(change(args={"ticket": "DEV-456"}, outside=["ticket"])) == []
    assert urls(change(args={"ticket": "DEV-456", "body": "x"}, outside=["body"])) == [
        "https://larkfield.example/browse/DEV-456"
    ]


def test_a_few_are_enough() -> None:
    assert len(urls(change(args={f"t{n}": f"DEV-{n}" for n in range(1, 20)}))) == MOST
    assert links_of([change(args={"ticket": "DEV-1"})], {}) == []
