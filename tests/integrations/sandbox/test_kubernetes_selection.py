from __future__ import annotations

from typing import Any

import pytest

from integrations.sandbox.kubernetes_resources import EVENTS, PODS
from integrations.sandbox.kubernetes_selection import page, selection
from integrations.sandbox.kubernetes_status import Refused

PODS_HERE: dict[str, dict[str, Any]] = {
    f"production/{name}": {
        "metadata": {"name": name, "namespace": "production", "labels": labels},
        "status": {"phase": phase},
    }
    for name, labels, phase in (
        ("a", {"app": "web", "tier": "front"}, "Running"),
        ("b", {"app": "shop"}, "Pending"),
        ("c", None, "Running"),
    )
}


def chosen(**query: str) -> str:
    wanted = selection(PODS, "production", "", query)
    return "".join(body["metadata"]["name"] for body in PODS_HERE.values() if wanted.matches(body))


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("", "abc"),
        ("app=web", "a"),
        ("app==web", "a"),
        ("app!=web", "bc"),
        ("app in (web, shop)", "ab"),
        ("app notin (web)", "bc"),
        ("tier", "a"),
        ("!tier", "bc"),
        ("app in (web,shop),!tier", "b"),
        ("app=web, tier=back", ""),
        ("app=", ""),
    ],
)
def test_labels(selector: str, names: str) -> None:
    assert chosen(labelSelector=selector) == names


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("metadata.name=b", "b"),
        ("status.phase!=Running", "b"),
        ("status.phase==Running,metadata.name!=a", "c"),
        ("spec.nodeName=", "abc"),
    ],
)
def test_fields(selector: str, names: str) -> None:
    assert chosen(fieldSelector=selector) == names


def test_a_selection_says_where() -> None:
    assert selection(PODS, "production", "", {}).prefix == "production/"
    assert selection(PODS, "", "", {}).prefix == ""


def test_one_object_may_be_meant() -> None:
    wanted = selection(PODS, "production", "a", {})
    assert [key for key, body in PODS_HERE.items() if wanted.matches(body)] == ["production/a"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"labelSelector": "a b"}, "found 'b'"),
        ({"labelSelector": "=web"}, "unable to parse requirement"),
        ({"fieldSelector": "name"}, "can't understand 'name'"),
        ({"fieldSelector": "reason=Failed"}, '"reason" is not a known field selector'),
    ],
)
def test_selectors_that_cannot_be_read(query: dict[str, str], message: str) -> None:
    with pytest.raises(Refused) as refusal:
        selection(PODS, "", "", query)
    assert refusal.value.code == 400
    assert message in refusal.value.message


def test_events_may_be_selected_by_reason() -> None:
    assert selection(EVENTS, "", "", {"fieldSelector": "reason=Failed"}).matches({"reason": "Failed"})


def test_pages_follow_one_another() -> None:
    first, about = page(PODS_HERE, 7, {"limit": "2"})
    assert [each["metadata"]["name"] for each in first] == ["a", "b"]
    assert (about["resourceVersion"], about["remainingItemCount"]) == ("7", 1)
    rest, about = page(PODS_HERE, 9, {"limit": "2", "continue": about["continue"]})
    assert [each["metadata"]["name"] for each in rest] == ["c"]
    assert about == {"resourceVersion": "7"}  # the list is as old as its first page


def test_without_a_limit_there_is_one_page() -> None:
    assert len(page(PODS_HERE, 1, {"limit": "0"})[0]) == 3


@pytest.mark.parametrize("query", [{"limit": "many"}, {"continue": "abc"}, {"continue": "e30"}, {"continue": "é"}])
def test_pages_that_cannot_be_read(query: dict[str, str]) -> None:
    with pytest.raises(Refused) as refusal:
        page(PODS_HERE, 1, query)
    assert refusal.value.code == 400
