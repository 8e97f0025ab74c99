"""Kubernetes' way of saying no: a `Status` object, with the wording of the API server.

Documented at https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/.
"""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A request the API server answers with a `Status` of failure."""

    def __init__(self, code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(code, reason, message)
        self.code, self.reason, self.message, self.details = code, reason, message, details

    def body(self) -> dict[str, Any]:
        """The `Status` object."""
        body: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        body |= {"message": self.message, "reason": self.reason}
        if self.details is not None:
            body["details"] = self.details
        return body | {"code": self.code}


def qualified(resource: str, group: str) -> str:
    """A resource's name as messages show it: "deployments.apps", or "pods" in the core group."""
    return f"{resource}.{group}" if group else resource


def unauthorized() -> Refused:
    """401: nobody is named by the request."""
    return Refused(401, "Unauthorized", "Unauthorized")


def forbidden(user: str, verb: str, resource: str, below: str, group: str, namespace: str, name: str) -> Refused:
    """403: the user may not do that there; `below` is the subresource, or empty."""
    subject = qualified(resource, group) + (f' "{name}"' if name else "")
    where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
    what = f"{resource}/{below}" if below else resource
    message = f'{subject} is forbidden: User "{user}" cannot {verb} resource "{what}" in API group "{group}"{where}'
    return Refused(403, "Forbidden", message, _details(name, group, resource))


def not_found(resource: str, group: str, name: str) -> Refused:
    """404: no such object."""
    message = f'{qualified(resource, group)} "{name}" not found'
    return Refused(404, "NotFound", message, _details(name, group, resource))


def no_such_resource() -> Refused:
    """404: no such kind of object."""
    return Refused(404, "NotFound", "the server could not find the requested resource", {})


def method_not_allowed() -> Refused:
    """405: that cannot be done with this kind of object."""
    return Refused(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def conflict(resource: str, group: str, name: str) -> Refused:
    """409: the object is no longer the one the caller had seen."""
    message = (
        f'Operation cannot be fulfilled on {qualified(resource, group)} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    return Refused(409, "Conflict", message, _details(name, group, resource))


def expired(revision: int, latest: int) -> Refused:
    """410: a watch from a revision that this cluster does not have."""
    return Refused(410, "Expired", f"too old resource version: {revision} ({latest})")


def invalid(kind: str, group: str, name: str, field: str, problem: str) -> Refused:
    """422: the object may not be like that."""
    message = f'{qualified(kind, group)} "{name}" is invalid: {field}: {problem}'
    causes = [{"reason": "FieldValueInvalid", "message": problem, "field": field}]
    return Refused(422, "Invalid", message, {**_details(name, group, kind), "causes": causes})


def bad_request(message: str) -> Refused:
    """400: the request cannot be read."""
    return Refused(400, "BadRequest", message)


def unsupported_media_type() -> Refused:
    """415: a body in a format that is not spoken here."""
    return Refused(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})


def _details(name: str, group: str, kind: str) -> dict[str, Any]:
    details = {"name": name, "group": group, "kind": kind}
    return {key: value for key, value in details.items() if value}
