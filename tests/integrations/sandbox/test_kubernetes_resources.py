from __future__ import annotations

from integrations.sandbox.kubernetes_resources import (
    DEPLOYMENTS,
    PODS,
    api_groups,
    api_resources,
    api_versions,
    find,
)


def test_resources_are_found_by_group_and_name() -> None:
    assert find("apps", "deployments") is DEPLOYMENTS
    assert find("", "pods") is PODS
    assert find("", "deployments") is None


def test_versions_and_where_objects_are_kept() -> None:
    assert (DEPLOYMENTS.api_version, PODS.api_version) == ("apps/v1", "v1")
    assert DEPLOYMENTS.stored == "kubernetes/deployment"


def test_the_core_group_lists_its_resources() -> None:
    listed = api_resources("")
    assert listed["groupVersion"] == "v1"
    assert [each["name"] for each in listed["resources"]] == ["namespaces", "pods", "events"]
    assert [each["namespaced"] for each in listed["resources"]] == [False, True, True]


def test_subresources_follow_their_resource() -> None:
    listed = {each["name"]: each for each in api_resources("apps")["resources"]}
    assert list(listed) == ["deployments", "deployments/scale", "deployments/status", "replicasets"]
    assert listed["deployments"]["categories"] == ["all"]
    assert "group" not in listed["deployments/status"]


def test_access_reviews_can_be_created() -> None:
    listed = api_resources("authorization.k8s.io")["resources"]
    assert [(each["name"], each["verbs"]) for each in listed] == [("selfsubjectaccessreviews", ["create"])]


def test_groups_and_versions() -> None:
    assert [each["name"] for each in api_groups()["groups"]] == ["apps", "authorization.k8s.io"]
    assert api_versions("127.0.0.1:1")["serverAddressByClientCIDRs"][0]["serverAddress"] == "127.0.0.1:1"
