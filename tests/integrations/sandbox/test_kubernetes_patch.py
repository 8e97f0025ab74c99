from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.sandbox.kubernetes_patch import patched
from integrations.sandbox.kubernetes_status import Refused

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
OPERATIONS = "application/json-patch+json"
POD = {"containers": [{"name": "a", "image": "a:1", "args": ["x"]}, {"name": "b", "image": "b:1"}], "node": "n"}


def apply(kind: str, body: Any, patch: Any) -> Any:
    before = json.dumps(body)
    result = patched(body, kind, json.dumps(patch).encode())
    assert json.dumps(body) == before
    return result


@pytest.mark.parametrize(
    ("body", "patch", "result"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None}}, {"a": {"c": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": 1}, {"a": {"b": None, "c": 1}}, {"a": {"c": 1}}),
    ],
)
def test_a_merge_patch_replaces_lists_and_takes_out_nulls(body: Any, patch: Any, result: Any) -> None:
    assert apply(MERGE, body, patch) == result


def test_a_strategic_patch_knows_the_items_of_a_list_by_name() -> None:
    patch = {"containers": [{"name": "b", "image": "b:2"}, {"name": "c", "image": "c:1"}]}
    assert apply(STRATEGIC, POD, patch)["containers"] == [
        {"name": "a", "image": "a:1", "args": ["x"]},
        {"name": "b", "image": "b:2"},
        {"name": "c", "image": "c:1"},
    ]


def test_a_strategic_patch_replaces_plain_lists_and_takes_out_nulls() -> None:
    patch = {"node": None, "containers": [{"name": "a", "args": ["y"]}]}
    result = apply(STRATEGIC, POD, patch)
    assert "node" not in result
    assert result["containers"][0] == {"name": "a", "image": "a:1", "args": ["y"]}


def test_the_directives_of_a_strategic_patch() -> None:
    patch: Any = {"$setElementOrder/containers": [], "containers": [{"name": "a", "$patch": "delete"}]}
    assert apply(STRATEGIC, POD, patch) == {"containers": [{"name": "b", "image": "b:1"}], "node": "n"}
    patch = {"labels": {"$patch": "replace", "new": "1"}}
    assert apply(STRATEGIC, {"labels": {"old": "1"}}, patch) == {"labels": {"new": "1"}}


@pytest.mark.parametrize(
    ("operation", "result"),
    [
        ({"op": "add", "path": "/b", "value": 1}, {"a": {"x/y": [1, 2]}, "b": 1}),
        ({"op": "add", "path": "/a/x~1y/-", "value": 3}, {"a": {"x/y": [1, 2, 3]}}),
        ({"op": "add", "path": "/a/x~1y/0", "value": 0}, {"a": {"x/y": [0, 1, 2]}}),
        ({"op": "replace", "path": "/a/x~1y/1", "value": 9}, {"a": {"x/y": [1, 9]}}),
        ({"op": "replace", "path": "/a", "value": 9}, {"a": 9}),
        ({"op": "remove", "path": "/a/x~1y/0"}, {"a": {"x/y": [2]}}),
        ({"op": "move", "from": "/a", "path": "/b"}, {"b": {"x/y": [1, 2]}}),
        ({"op": "copy", "from": "/a/x~1y/0", "path": "/b"}, {"a": {"x/y": [1, 2]}, "b": 1}),
        ({"op": "test", "path": "/a/x~1y/0", "value": 1}, {"a": {"x/y": [1, 2]}}),
    ],
)
def test_operations(operation: Any, result: Any) -> None:
    assert apply(OPERATIONS, {"a": {"x/y": [1, 2]}}, [operation]) == result


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/a/0", "value": 2},
        {"op": "replace", "path": "/b", "value": 1},
        {"op": "remove", "path": "/b"},
        {"op": "remove", "path": "/a/7"},
        {"op": "add", "path": "/a/7", "value": 1},
        {"op": "add", "path": "/x/y", "value": 1},
        {"op": "fly", "path": "/a"},
        {"path": "/a"},
        "remove",
    ],
)
def test_operations_that_do_not_fit(operation: Any) -> None:
    with pytest.raises(Refused) as refusal:
        apply(OPERATIONS, {"a": [1]}, [operation])
    assert (refusal.value.code, refusal.value.reason) == (422, "Invalid")


@pytest.mark.parametrize(("kind", "patch"), [(MERGE, b"{nope"), (STRATEGIC, b"[]"), (OPERATIONS, b"{}")])
def test_patches_that_cannot_be_read(kind: str, patch: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        patched({}, kind, patch)
    assert refusal.value.code == 400


def test_other_kinds_of_patch_are_not_taken() -> None:
    with pytest.raises(Refused) as refusal:
        patched({}, "application/apply-patch+yaml", b"{}")
    assert refusal.value.code == 415


def test_a_content_type_may_have_parameters() -> None:
    assert patched({}, f"{MERGE}; charset=utf-8", b'{"a": 1}') == {"a": 1}
