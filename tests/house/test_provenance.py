"""What others can write is boxed wherever it comes in, and requests pass it on without unboxing it."""

from __future__ import annotations

import ast
import dataclasses
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from daemon.systems import known_actions
from policies.action import Action, Outside

ROOT = Path(__file__).parents[2]
REQUESTS = sorted(
    path for path in (ROOT / "intents").glob("*.py") if path.stem not in ("__init__", "intent", "context")
)
UNBOXING = ("words", "plain", "attributed", "unboxed", "wire")
"""What a request's own code has no business with; all but `wire` would not work there anyway."""

ASKED, OURS, FORM = "what was asked for", "our own words", "of a form in which nothing can be said"
QUESTION = "only DevOS's own questions read it, to find their cards, records and voters again; no request does"
SAFE = {
    "jira.issue: Issue.key": FORM,
    "jira.issue: Issue.url": "the site from the settings, with the key",
    "jira.projects: Project.key": FORM,
    "jira.comment: Comment.id": FORM,
    "jira.move: Moved.key": FORM,
    "jira.move: Moved.after": ASKED,
    **{
        f"servicenow.{action}: Change.{field}": why
        for action in ("request_change", "change", "close_change", "cancel_change")
        for field, why in {
            "number": FORM,
            "sys_id": FORM,
            "state": "a label of the state model, or unknown",
            "url": "the instance from the settings, with the id",
        }.items()
    },
    **{
        f"kubernetes.{action}: Deployment.{field}": why
        for action, why in {"deployment": ASKED, "deployments": "a name that Kubernetes itself accepts"}.items()
        for field in ("name", "namespace")
    },
    "kubernetes.scale: Scaled.deployment": ASKED,
    "kubernetes.scale: Scaled.namespace": ASKED,
    "rancher.workload: Workload.name": ASKED,
    "rancher.workload: Workload.namespace": ASKED,
    "newrelic.usage: Usage.deployment": ASKED,
    "newrelic.usage: Usage.namespace": ASKED,
    "newrelic.usage: Usage.summary": f"{OURS}, with numbers",
    "newrelic.health: Health.service": ASKED,
    "newrelic.health: Health.environment": ASKED,
    "newrelic.health: Health.summary": f"{OURS}, with numbers and what was asked for",
    "newrelic.nrql: names": "named by the query, or of a form in which no sentence can be said",
    "newrelic.record_deployment: Marked.id": FORM,
    "newrelic.record_deployment: Marked.entity": FORM,
    "cdk.deploy: Deployment.stack": "made from what was asked for, or from the settings",
    "cdk.deploy: Deployment.outputs names": "letters, digits and underscores",
    "servicenowapprovals.ask: Requested.records": FORM,
    "servicenowapprovals.ask: Requested.records names": QUESTION,
    "servicenowapprovals.ask: Requested.unknown": ASKED,
    "teams.ask: Posted.id": QUESTION,
    "teams.ask: Posted.url": QUESTION,
    "teams.replies: Reply.id": QUESTION,
    "teams.replies: Reply.author": QUESTION,
    "cdk.rollback: RolledBack.stack": "made from what was asked for, or from the settings",
}
"""Every text in a result that is not boxed, and why nobody else can write it. A new line here is a decision."""


def texts(kind: Any, name: str) -> Iterator[str]:
    """Where in a result's type there is text, or anything at all, that is not boxed."""
    origin = get_origin(kind)
    if kind is Any or kind is str or kind is object:
        yield name
    elif kind is Outside or origin in (Outside, Literal):
        return
    elif dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=True)
        for field in dataclasses.fields(kind):
            yield from texts(hints[field.name], f"{getattr(kind, '__name__', kind)}.{field.name}")
    elif origin is dict:
        key, value = get_args(kind)
        yield from texts(key, f"{name} names" if name else "names")
        yield from texts(value, name)
    elif origin is Annotated or origin in (Union, types.UnionType, list, tuple, set, frozenset):
        for part in get_args(kind)[: 1 if origin is Annotated else None]:
            yield from texts(part, name)


def unboxed(name: str, action: Action[..., Any]) -> set[str]:
    found = get_type_hints(action.method, include_extras=True)["return"]
    return {f"{name}: {path.strip() or 'all of it'}" for path in texts(found, "")}


def test_every_text_in_a_result_is_boxed_or_known_to_be_safe() -> None:
    there = {path for name, action in known_actions().items() for path in unboxed(name, action)}
    assert sorted(there - SAFE.keys()) == [], "box it, or say in SAFE why nobody else can write it"
    assert sorted(SAFE.keys() - there) == [], "SAFE speaks of what is not there any more"


@pytest.mark.parametrize("kind", [str, Any, list[str], dict[str, int], str | None, tuple[int, str]])
def test_a_text_is_found_wherever_it_hides(kind: Any) -> None:
    assert list(texts(kind, "x"))


@pytest.mark.parametrize("kind", [int, Outside[str], list[Outside[str]], Outside[str] | None, Literal["a"], None, bool])
def test_what_is_boxed_or_no_text_is_not(kind: Any) -> None:
    assert not list(texts(kind, "x"))


def slips(source: str) -> list[str]:
    """Where a request's code would make plain text of what others wrote."""
    found: list[str] = []
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in ("policies.outside", "policies.action"):
            found += [f"imports {each.name}" for each in node.names if each.name in UNBOXING]
        if isinstance(node, ast.ExceptHandler) and node.name:
            found += [f"{ast.unparse(use)} of a failure" for use in _spoken(node, node.name)]
    return found


def _spoken(handler: ast.ExceptHandler, name: str) -> Iterator[ast.AST]:
    """Where a caught failure is made text: in an f-string, by str(), format() or repr(), or by its arguments."""
    for node in ast.walk(handler):
        bare = isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Name) and node.value.id == name
        if bare:
            yield node
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("str", "format", "repr"):
            yield from (node for each in node.args if isinstance(each, ast.Name) and each.id == name)
        if isinstance(node, ast.Attribute) and node.attr in ("args", "readable") and ast.unparse(node.value) == name:
            yield node


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
def test_requests_pass_on_what_they_do_not_open(path: Path) -> None:
    assert slips(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    ["f'{no}'", "str(no)", "no.args[0]", "no.readable", "format(no)", "say(f'it said {no!s}')", "repr(no)"],
)
def test_a_slip_is_found(line: str) -> None:
    assert slips(f"try:\n    pass\nexcept Exception as no:\n    {line}\n")
    assert slips("from policies.outside import words\n")


def test_what_a_request_may_do_with_a_failure_is_no_slip() -> None:
    assert not slips("try:\n    pass\nexcept No as no:\n    said('a ', no.said); f'{no.state}'; raise\n")
