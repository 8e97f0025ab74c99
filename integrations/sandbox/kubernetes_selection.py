"""Which objects a Kubernetes request means: label and field selectors, and pages.

Selectors as in https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ and
https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/, pages as in
https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.kubernetes_resources import Resource
from integrations.sandbox.kubernetes_status import Refused, bad_request

Body = dict[str, Any]

_NAME = r"[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?"
_SET = re.compile(rf"(?P<key>{_NAME})\s+(?P<operator>in|notin)\s*\((?P<values>[^()]*)\)")
_EQUAL = re.compile(rf"(?P<key>{_NAME})\s*(?P<operator>==|=|!=)\s*(?P<value>({_NAME})?)")
_EXISTS = re.compile(rf"(?P<absent>!?)\s*(?P<key>{_NAME})")


@dataclass(frozen=True)
class Selection:
    """What a list or a watch asks for."""

    prefix: str
    """Of the objects' keys: "production/", or empty for every namespace."""
    matches: Callable[[Body], bool]


def selection(resource: Resource, namespace: str, name: str, query: Mapping[str, str]) -> Selection:
    """Read a request's selectors.

    Raises:
        Refused: 400, a selector cannot be read or names a field that cannot be selected by.
    """
    labels, fields = query.get("labelSelector", ""), query.get("fieldSelector", "")
    tests = [_label_test(each) for each in _split(labels)] + [_field_test(resource, each) for each in _split(fields)]
    if name:
        tests.append(lambda body: body["metadata"]["name"] == name)
    prefix = f"{namespace}/" if namespace else ""
    return Selection(prefix, lambda body: all(test(body) for test in tests))


def page(found: dict[str, Body], revision: int, query: Mapping[str, str]) -> tuple[list[Body], Body]:
    """One page of the objects, in the order of their keys, and the list's metadata.

    Raises:
        Refused: 400, `limit` is no number or `continue` was not made here.
    """
    metadata: Body = {"resourceVersion": str(revision)}
    keys = sorted(found)
    if query.get("continue"):
        after, metadata["resourceVersion"] = _continued(query["continue"])
        keys = [key for key in keys if key > after]
    try:
        limit = int(query.get("limit") or 0)
    except ValueError:
        raise bad_request(f"strconv.ParseInt: parsing {json.dumps(query['limit'])}: invalid syntax") from None
    if 0 < limit < len(keys):
        text = json.dumps({"v": "meta.k8s.io/v1", "rv": int(metadata["resourceVersion"]), "start": keys[limit - 1]})
        metadata["continue"] = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        metadata["remainingItemCount"] = len(keys) - limit
        keys = keys[:limit]
    return [found[key] for key in keys], metadata


def _continued(token: str) -> tuple[str, str]:
    try:
        where = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return str(where["start"]), str(int(where["rv"]))
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise bad_request(f"invalid continue token: continue key is not valid: {error}") from None


def _split(selector: str) -> list[str]:
    """The requirements of a selector; commas inside brackets do not part them."""
    return [each.strip() for each in re.split(r",(?![^()]*\))", selector) if each.strip()]


def _label_test(requirement: str) -> Callable[[Body], bool]:
    def labels(body: Body) -> Mapping[str, str]:
        return body["metadata"].get("labels") or {}

    if found := _SET.fullmatch(requirement):
        key, values = found["key"], {each.strip() for each in found["values"].split(",")}
        if found["operator"] == "in":
            return lambda body: labels(body).get(key) in values
        return lambda body: labels(body).get(key) not in values
    if found := _EQUAL.fullmatch(requirement):
        key, value = found["key"], found["value"]
        if found["operator"] == "!=":
            return lambda body: labels(body).get(key) != value
        return lambda body: labels(body).get(key) == value
    if found := _EXISTS.fullmatch(requirement):
        key, wanted = found["key"], not found["absent"]
        return lambda body: (key in labels(body)) is wanted
    raise _unreadable(requirement)


def _unreadable(requirement: str) -> Refused:
    words = requirement.split()
    odd = words[1] if len(words) > 1 else requirement
    return bad_request(f"unable to parse requirement: found '{odd}', expected: '=', '!=', '==', 'in', notin'")


def _field_test(resource: Resource, requirement: str) -> Callable[[Body], bool]:
    name, operator, value = re.split(r"(==|!=|=)", requirement, maxsplit=1) if "=" in requirement else ("", "", "")
    if not operator:
        raise bad_request(f"invalid selector: '{requirement}'; can't understand '{requirement}'")
    if name not in resource.fields:
        known = ", ".join(json.dumps(each) for each in resource.fields)
        raise bad_request(f"{json.dumps(name)} is not a known field selector: only {known}")

    def shown(body: Body) -> str:
        node: Any = body
        for part in name.split("."):
            node = node.get(part) if isinstance(node, dict) else None
        return "" if node is None else str(node)

    return lambda body: (shown(body) == value) is (operator != "!=")
