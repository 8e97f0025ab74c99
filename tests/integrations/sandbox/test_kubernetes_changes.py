from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations.sandbox.kubernetes_changes import deployment_changed, scale_of, scaled, status_changed
from integrations.sandbox.kubernetes_objects import Body, deployment, store
from integrations.sandbox.kubernetes_status import Refused
from integrations.sandbox.world import World

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Body]:
    world = World(tmp_path, lambda: AT)
    body = deployment(world, {"name": "web-app", "namespace": "production", "replicas": 4}, AT)
    store(world, body)
    yield body
    world.close()


def edited(old: Body, edit: Callable[[Body], object]) -> Body:
    new = copy.deepcopy(old)
    edit(new)
    return new


def test_a_new_specification_is_a_new_generation(old: Body) -> None:
    new = deployment_changed(old, edited(old, lambda body: body["spec"].update(replicas=5)))
    assert (new["metadata"]["generation"], new["spec"]["replicas"]) == (2, 5)
    assert old["spec"]["replicas"] == 4


def test_a_new_label_is_no_new_generation(old: Body) -> None:
    new = deployment_changed(old, edited(old, lambda body: body["metadata"]["labels"].update(team="web")))
    assert (new["metadata"]["generation"], new["metadata"]["labels"]["team"]) == (1, "web")


def test_what_the_server_writes_stays(old: Body) -> None:
    def edit(body: Body) -> None:
        body["metadata"] |= {"uid": "other", "creationTimestamp": None, "generation": 9}
        body["status"] = {"replicas": 99}
        body["spec"]["nonsense"] = 1

    assert deployment_changed(old, edited(old, edit)) == old


def test_missing_replicas_are_one_for_a_deployment_and_none_for_a_scale(old: Body) -> None:
    assert deployment_changed(old, edited(old, lambda body: body["spec"].pop("replicas")))["spec"]["replicas"] == 1
    assert scaled(old, edited(scale_of(old), lambda body: body["spec"].pop("replicas")))["spec"]["replicas"] == 0


def test_a_status_is_written_alone(old: Body) -> None:
    def edit(body: Body) -> None:
        body["status"] = {"replicas": 3}
        body["spec"]["replicas"] = 9

    new = status_changed(old, edited(old, edit))
    assert (new["status"], new["spec"]) == ({"replicas": 3}, old["spec"])


def test_a_scale_shows_and_sets_the_replicas(old: Body) -> None:
    scale = scale_of(old)
    assert (scale["spec"], scale["status"]) == ({"replicas": 4}, {"replicas": 0, "selector": "app=web-app"})
    new = scaled(old, edited(scale, lambda body: body["spec"].update(replicas=7)))
    assert (new["spec"]["replicas"], new["metadata"]["generation"]) == (7, 2)
    assert scaled(old, scale) == old


def set_container(body: Body, **values: object) -> None:
    body["spec"]["template"]["spec"]["containers"][0].update(values)


@pytest.mark.parametrize(
    ("edit", "code", "said"),
    [
        (
            lambda body: body["metadata"].update(name="other"),
            400,
            "(other) does not match the name on the URL (web-app)",
        ),
        (lambda body: body["metadata"].update(namespace="other"), 400, "namespace"),
        (lambda body: body["metadata"].update(resourceVersion="999"), 409, "the object has been modified"),
        (lambda body: body["spec"].update(replicas="three"), 400, "cannot unmarshal string"),
        (lambda body: body["spec"].update(replicas=True), 400, "cannot unmarshal bool"),
        (lambda body: body["spec"].update(replicas=-1), 422, "must be greater than or equal to 0"),
        (lambda body: body["spec"].update(selector={"matchLabels": {"app": "x"}}), 422, "field is immutable"),
        (lambda body: body["spec"]["template"]["metadata"].update(labels={}), 422, "does not match template `labels`"),
        (lambda body: body["spec"]["template"]["spec"].update(containers=[]), 422, "containers: Required value"),
        (lambda body: set_container(body, image=""), 422, "containers[0].image: Required value"),
        (lambda body: body.update(spec=[1]), 400, "spec must be an object"),
    ],
)
def test_what_may_not_be(old: Body, edit: Callable[[Body], object], code: int, said: str) -> None:
    with pytest.raises(Refused) as refusal:
        deployment_changed(old, edited(old, edit))
    assert refusal.value.code == code
    assert said in refusal.value.message
