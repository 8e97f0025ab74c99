from __future__ import annotations

from integrations.sandbox.kubernetes_status import Refused, expired, forbidden, method_not_allowed, not_found, qualified


def test_a_status_names_what_went_wrong() -> None:
    assert not_found("pods", "", "web").body() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'pods "web" not found',
        "reason": "NotFound",
        "details": {"name": "web", "kind": "pods"},
        "code": 404,
    }


def test_a_status_without_details_has_no_such_field() -> None:
    assert "details" not in Refused(401, "Unauthorized", "Unauthorized").body()


def test_a_resource_is_named_with_its_group() -> None:
    assert (qualified("deployments", "apps"), qualified("pods", "")) == ("deployments.apps", "pods")


def test_forbidden_in_the_whole_cluster() -> None:
    message = forbidden("viewer", "delete", "namespaces", "", "", "", "production").message
    start = 'namespaces "production" is forbidden: User "viewer" cannot delete'
    assert message == f'{start} resource "namespaces" in API group "" at the cluster scope'


def test_codes() -> None:
    assert (expired(9, 3).code, expired(9, 3).message) == (410, "too old resource version: 9 (3)")
    assert (method_not_allowed().code, method_not_allowed().reason) == (405, "MethodNotAllowed")
