"""The three kinds of patch the API server takes.

Described at https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/; a JSON merge
patch is RFC 7386, a JSON patch RFC 6902.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from integrations.sandbox.kubernetes_status import Refused, bad_request, unsupported_media_type

MERGE_KEYS = {
    "conditions": "type",
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "env": "name",
    "ports": "containerPort",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "imagePullSecrets": "name",
    "ownerReferences": "uid",
}
"""Lists whose items a strategic patch tells apart by a field; all other lists are replaced whole."""


def patched(body: dict[str, Any], content_type: str, patch: bytes) -> dict[str, Any]:
    """The object as the patch would make it; `body` stays as it is.

    Raises:
        Refused: 415, no such kind of patch; 400, it cannot be read; 422, it does not fit the object.
    """
    kind = content_type.split(";")[0].strip()
    if kind == "application/json-patch+json":
        return _operated(copy.deepcopy(body), _read(patch, list))
    if kind == "application/merge-patch+json":
        return _object(_merged(body, _read(patch, dict)))
    if kind == "application/strategic-merge-patch+json":
        return _object(_strategic(body, _read(patch, dict)))
    raise unsupported_media_type()


def _read(text: bytes, wanted: type) -> Any:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise bad_request(f"error decoding patch: {error}") from None
    if not isinstance(value, wanted):
        raise bad_request(f"error decoding patch: it must be a JSON {'array' if wanted is list else 'object'}")
    return value


def _object(value: Any) -> dict[str, Any]:
    assert isinstance(value, dict)
    return value


def _merged(old: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    new = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            new.pop(key, None)
        else:
            new[key] = _merged(new.get(key), value)
    return new


def _strategic(old: Any, patch: Any, field: str = "") -> Any:
    if isinstance(patch, dict):
        if patch.get("$patch") == "replace":
            return {key: value for key, value in patch.items() if key != "$patch"}
        new = dict(old) if isinstance(old, dict) else {}
        for key, value in patch.items():
            if key.startswith("$"):
                continue  # directives about the order and about lists of plain values, which nothing here has
            if value is None:
                new.pop(key, None)
            else:
                new[key] = _strategic(new.get(key), value, key)
        return new
    if isinstance(patch, list) and field in MERGE_KEYS and all(isinstance(each, dict) for each in patch):
        return _by_key(old if isinstance(old, list) else [], patch, MERGE_KEYS[field])
    return copy.deepcopy(patch)


def _by_key(old: list[Any], patch: list[dict[str, Any]], key: str) -> list[Any]:
    items = {each.get(key): each for each in old}
    for each in patch:
        if each.get("$patch") == "delete":
            items.pop(each.get(key), None)
        else:
            items[each.get(key)] = _strategic(items.get(each.get(key)), each)
    return list(items.values())


def _operated(body: dict[str, Any], operations: list[Any]) -> dict[str, Any]:
    document: Any = {"": body}
    for each in operations:
        try:
            _operate(document, each)
        except (KeyError, IndexError, ValueError, TypeError, AttributeError):
            message = "the server rejected our request due to an error in our request"
            raise Refused(422, "Invalid", message, {}) from None
    return _object(document[""])


def _operate(document: Any, operation: dict[str, Any]) -> None:
    path, kind = operation["path"], operation["op"]
    if kind in ("add", "replace"):
        _set(document, path, copy.deepcopy(operation["value"]), replacing=kind == "replace")
    elif kind == "remove":
        _take(document, path)
    elif kind == "move":
        _set(document, path, _take(document, operation["from"]))
    elif kind == "copy":
        _set(document, path, copy.deepcopy(_look(document, operation["from"])))
    elif kind != "test" or _look(document, path) != operation["value"]:
        raise ValueError(operation)


def _parts(path: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")]


def _look(document: Any, path: str) -> Any:
    node = document
    for part in _parts(path):
        node = node[_index(node, part)] if isinstance(node, list) else node[part]
    return node


def _parent(document: Any, path: str) -> tuple[Any, str]:
    *before, last = _parts(path)
    node = document
    for part in before:
        node = node[_index(node, part)] if isinstance(node, list) else node[part]
    return node, last


def _index(node: list[Any], part: str) -> int:
    index = int(part)
    if not 0 <= index < len(node):
        raise IndexError(part)
    return index


def _set(document: Any, path: str, value: Any, *, replacing: bool = False) -> None:
    node, last = _parent(document, path)
    if isinstance(node, list):
        if replacing:
            node[_index(node, last)] = value
        else:
            place = len(node) if last == "-" else int(last)
            if not 0 <= place <= len(node):
                raise IndexError(last)
            node.insert(place, value)
    elif replacing and last not in node:
        raise KeyError(last)
    else:
        node[last] = value


def _take(document: Any, path: str) -> Any:
    node, last = _parent(document, path)
    return node.pop(_index(node, last)) if isinstance(node, list) else node.pop(last)
