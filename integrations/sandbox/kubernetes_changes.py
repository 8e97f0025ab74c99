"""What a caller may change about a deployment, and what the API server makes of it.

https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions and the pages of Deployment and Scale.
"""

from __future__ import annotations

import copy
from typing import Any

from integrations.sandbox.kubernetes_objects import Body
from integrations.sandbox.kubernetes_resources import DEPLOYMENTS
from integrations.sandbox.kubernetes_status import bad_request, conflict, invalid

_SPEC = {
    "replicas",
    "selector",
    "template",
    "strategy",
    "minReadySeconds",
    "revisionHistoryLimit",
    "paused",
    "progressDeadlineSeconds",
}
_GIVEN = ("uid", "creationTimestamp", "generation", "resourceVersion", "namespace")
"""Metadata that the server alone writes."""


def deployment_changed(old: Body, new: Body) -> Body:
    """The deployment after a write of metadata and spec; its status stays.

    Raises:
        Refused: 400, 409 or 422.
    """
    _check_identity(old, new)
    changed: Body = {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": _metadata(old, new)}
    spec = {key: value for key, value in _object(new, "spec").items() if key in _SPEC}
    changed["spec"] = spec | {"replicas": _replicas(new, "Deployment", "apps")}
    changed["spec"] |= {"strategy": spec.get("strategy") or copy.deepcopy(old["spec"]["strategy"])}
    changed["status"] = old["status"]
    _check_spec(old, changed)
    if changed["spec"] != old["spec"]:
        changed["metadata"]["generation"] = old["metadata"]["generation"] + 1
    return changed | ({"sandbox": old["sandbox"]} if "sandbox" in old else {})


def status_changed(old: Body, new: Body) -> Body:
    """The deployment after a write of its status alone.

    Raises:
        Refused: 400 or 409.
    """
    _check_identity(old, new)
    return {**copy.deepcopy(old), "status": _object(new, "status")}


def scale_of(deployment: Body) -> Body:
    """The deployment's Scale."""
    metadata, replicas = deployment["metadata"], deployment["spec"]["replicas"]
    shared = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    labels = deployment["spec"]["selector"].get("matchLabels", {})
    status = {"replicas": deployment["status"].get("replicas", 0)}
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: metadata[key] for key in shared},
        "spec": {"replicas": replicas} if replicas else {},
        "status": {**status, "selector": ",".join(f"{key}={value}" for key, value in sorted(labels.items()))},
    }


def scaled(deployment: Body, scale: Body) -> Body:
    """The deployment after a write of its Scale.

    Raises:
        Refused: 400, 409 or 422.
    """
    _check_identity(deployment, scale)
    changed = copy.deepcopy(deployment)
    changed["spec"]["replicas"] = _replicas(scale, "Scale", "autoscaling", default=0)
    if changed["spec"] != deployment["spec"]:
        changed["metadata"]["generation"] += 1
    return changed


def _check_identity(old: Body, new: Body) -> None:
    metadata, name = _object(new, "metadata"), old["metadata"]["name"]
    if metadata.get("name") != name:
        given = metadata.get("name", "")
        raise bad_request(f"the name of the object ({given}) does not match the name on the URL ({name})")
    namespace = metadata.get("namespace", old["metadata"]["namespace"])
    if namespace != old["metadata"]["namespace"]:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if metadata.get("resourceVersion") not in (None, "", old["metadata"]["resourceVersion"]):
        raise conflict(DEPLOYMENTS.name, DEPLOYMENTS.group, name)


def _metadata(old: Body, new: Body) -> Body:
    kept = {key: old["metadata"][key] for key in _GIVEN}
    metadata = {**new["metadata"], **kept}
    return metadata | {"annotations": dict(metadata.get("annotations") or {})}


def _check_spec(old: Body, new: Body) -> None:
    name, spec = new["metadata"]["name"], new["spec"]
    if spec.get("selector") != old["spec"]["selector"]:
        raise invalid("Deployment", "apps", name, "spec.selector", f"Invalid value: {_go(spec)}: field is immutable")
    template = _object(spec, "template")
    labels = (template.get("metadata") or {}).get("labels") or {}
    if any(labels.get(key) != value for key, value in spec["selector"].get("matchLabels", {}).items()):
        problem = f"Invalid value: {labels}: `selector` does not match template `labels`"
        raise invalid("Deployment", "apps", name, "spec.template.metadata.labels", problem)
    containers = _object(template, "spec").get("containers")
    if not containers:
        raise invalid("Deployment", "apps", name, "spec.template.spec.containers", "Required value")
    for number, each in enumerate(containers):
        if not each.get("image"):
            field = f"spec.template.spec.containers[{number}].image"
            raise invalid("Deployment", "apps", name, field, "Required value")


def _go(spec: Body) -> str:
    labels = (spec.get("selector") or {}).get("matchLabels", {})
    shown = ", ".join(f'"{key}":"{value}"' for key, value in labels.items())
    return f"v1.LabelSelector{{MatchLabels:map[string]string{{{shown}}}}}"


def _replicas(body: Body, kind: str, group: str, default: int = 1) -> int:
    value = _object(body, "spec").get("replicas")
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool):
        what = "string" if isinstance(value, str) else type(value).__name__
        field = f"Go struct field {kind}Spec.spec.replicas of type int32"
        raise bad_request(f'{kind} in version "v1" cannot be handled as a {kind}: cannot unmarshal {what} into {field}')
    if value < 0:
        problem = f"Invalid value: {value}: must be greater than or equal to 0"
        raise invalid(kind, group, body["metadata"]["name"], "spec.replicas", problem)
    return value


def _object(body: Body, key: str) -> dict[str, Any]:
    value = body.get(key) or {}
    if not isinstance(value, dict):
        raise bad_request(f"{key} must be an object")
    return value
