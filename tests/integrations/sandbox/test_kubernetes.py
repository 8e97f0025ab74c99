"""The simulated cluster and a real control plane, asked the same things.

Long because what makes the two alike to ask and the questions belong together.
"""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from integrations.sandbox.kubernetes import VIEWER, seed, summary
from integrations.sandbox.server import served
from integrations.sandbox.world import World

Body = dict[str, Any]

REAL = Path(__file__).parents[4] / "shared" / "kube" / "start"
NAMESPACE = "/api/v1/namespaces/production"
DEPLOYMENTS = "/apis/apps/v1/namespaces/production/deployments"
WEB_APP = f"{DEPLOYMENTS}/web-app"
TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
STRATEGIC = "application/strategic-merge-patch+json"


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


class Cluster(Protocol):
    """A cluster whose production namespace has one deployment "web-app" with 4 pods, all ready."""

    http: httpx.Client
    nobody: dict[str, str]
    """Headers of a request that names nobody known here."""
    restricted: dict[str, str]
    """Headers of a user without the right to change anything."""

    def let_pods_start(self) -> None: ...

    def let_time_pass(self, seconds: int) -> None: ...

    def never_ready(self) -> None: ...


class Simulated:
    def __init__(self, world: World, clock: Clock, url: str) -> None:
        self.world, self.clock = world, clock
        self.http = httpx.Client(base_url=url, headers={"Authorization": "Bearer somebody"}, timeout=30)
        self.nobody = {"Authorization": ""}
        self.restricted = {"Authorization": f"Bearer {VIEWER}"}

    def let_pods_start(self) -> None:
        self.clock.at += timedelta(seconds=self.world.settings.rollout_seconds)

    def let_time_pass(self, seconds: int) -> None:
        self.clock.at += timedelta(seconds=seconds)

    def never_ready(self) -> None:
        self.world.change_settings(pods_never_ready=["production/web-app"])


class Real:
    """The real control plane; it has no kubelet, so this class is the one that makes pods ready."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.nobody = {"Authorization": "Bearer unknown"}
        self.restricted = {"Authorization": "Bearer devtoken"}
        container = {"name": "web-app", "image": "registry.example.com/web-app:5.12.3"}
        labels = {"app": "web-app"}
        self.apply("/api/v1/namespaces/production", {"apiVersion": "v1", "kind": "Namespace"})
        spec = {"replicas": 4, "selector": {"matchLabels": labels}}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
        body = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {**spec, "template": template}}
        self.apply(WEB_APP, body)
        self.until(lambda status: status.get("unavailableReplicas") == 4)
        self.let_pods_start()
        self.until(lambda status: status.get("availableReplicas") == 4)

    def apply(self, path: str, body: Body) -> None:
        body |= {"metadata": {"name": path.rsplit("/", 1)[1]}}
        header = {"Content-Type": "application/apply-patch+yaml"}
        self.http.patch(f"{path}?fieldManager=tests", headers=header, json=body).raise_for_status()

    def until(self, holds: Callable[[Body], bool]) -> None:
        """Watch the deployment until its controller has come to what is wanted."""
        with self.http.stream("GET", f"{DEPLOYMENTS}?watch=true&timeoutSeconds=30") as stream:
            for line in stream.iter_lines():
                body = httpx.Response(200, text=line).json()["object"]
                if body["metadata"]["name"] == "web-app" and holds(body.get("status", {})):
                    return
        raise AssertionError("the real controller did not come to it in 30 s")

    def let_pods_start(self) -> None:
        while not complete(get(self, WEB_APP)):
            for pod in get(self, f"{NAMESPACE}/pods")["items"]:
                status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
                path = f"{NAMESPACE}/pods/{pod['metadata']['name']}/status"
                self.http.patch(path, headers={"Content-Type": STRATEGIC}, json={"status": status})

    def let_time_pass(self, seconds: int) -> None:
        self.until(lambda status: "ProgressDeadlineExceeded" in str(status))

    def never_ready(self) -> None:
        """Nobody makes them ready unless asked to."""

    def remove(self) -> None:
        self.http.delete(WEB_APP).raise_for_status()
        with self.http.stream("GET", f"{NAMESPACE}/pods?watch=true&timeoutSeconds=30") as stream:
            left = {each["metadata"]["name"] for each in get(self, f"{NAMESPACE}/pods")["items"]}
            for line in stream.iter_lines() if left else ():
                event = httpx.Response(200, text=line).json()
                if event["type"] == "DELETED":
                    left.discard(event["object"]["metadata"]["name"])
                if not left:
                    break


@pytest.fixture(scope="module")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A real API server and controllers, or a skip where they are not at hand."""
    if not REAL.exists():
        pytest.skip(f"no real control plane at {REAL}")
    folder = tmp_path_factory.mktemp("kube")
    try:
        subprocess.run([REAL, folder, str(_free_ports())], check=True, stdout=subprocess.DEVNULL, timeout=60)
        config = (folder / "kubeconfig").read_text()
        url = config.split('server: "')[1].split('"')[0]
        trust = ssl.create_default_context(cafile=str(folder / "state/certs/apiserver.crt"))
        token = {"Authorization": "Bearer admintoken"}
        with httpx.Client(base_url=url, verify=trust, headers=token, timeout=30) as http:
            yield http
    finally:
        for pid in (folder / "pids").read_text().split():
            os.kill(int(pid), signal.SIGTERM)


def _free_ports() -> int:
    """A port with three free ones after it."""
    for port in range(21_000, 60_000, 10):
        try:
            sockets = []
            for each in range(port, port + 4):
                sockets.append(socket.create_server(("127.0.0.1", each)))
        except OSError:
            continue
        else:
            return port
        finally:
            for bound in sockets:
                bound.close()
    raise AssertionError("no free ports")


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[Simulated]:
    clock = Clock()
    with served(tmp_path, clock) as (world, endpoints):
        cluster = Simulated(world, clock, endpoints.kubernetes)
        with cluster.http:
            yield cluster


@pytest.fixture(params=["simulated", "real"])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    if request.param == "simulated":
        yield request.getfixturevalue("simulated")
    else:
        real = Real(request.getfixturevalue("control_plane"))
        yield real
        real.remove()


def get(cluster: Cluster, path: str, **options: Any) -> Any:
    response = cluster.http.get(path, **options)
    assert response.status_code == 200, response.text
    return response.json()


def patch(cluster: Cluster, path: str, body: Body, **headers: str) -> httpx.Response:
    return cluster.http.patch(path, headers={"Content-Type": STRATEGIC, **headers}, json=body)


def web_app_pods(cluster: Cluster) -> list[Body]:
    found = get(cluster, f"{NAMESPACE}/pods", params={"labelSelector": "app=web-app"})["items"]
    assert isinstance(found, list)
    return found


def conditions(body: Body) -> dict[str, tuple[str, str]]:
    return {each["type"]: (each["status"], each["reason"]) for each in body["status"]["conditions"]}


def numbers(body: Body) -> Body:
    return {key: value for key, value in body["status"].items() if key.endswith("Replicas") or key == "replicas"}


def complete(body: Body) -> bool:
    status, wanted = body["status"], body["spec"]["replicas"]
    if status.get("observedGeneration") != body["metadata"]["generation"]:
        return False
    counts = ("replicas", "updatedReplicas", "availableReplicas")
    return all(status.get(each, 0) == wanted for each in counts)


def settled(cluster: Cluster, **wanted: int) -> Body:
    """The deployment once its controller reports these numbers."""
    if isinstance(cluster, Real):
        cluster.until(lambda status: all(status.get(key) == value for key, value in wanted.items()))
    body: Body = get(cluster, WEB_APP)
    assert {key: body["status"].get(key) for key in wanted} == wanted
    return body


def test_a_deployment_that_is_complete(cluster: Cluster) -> None:
    body = get(cluster, WEB_APP)
    assert (body["kind"], body["apiVersion"]) == ("Deployment", "apps/v1")
    assert body["metadata"]["generation"] == body["status"]["observedGeneration"] == 1
    assert numbers(body) == {"replicas": 4, "updatedReplicas": 4, "readyReplicas": 4, "availableReplicas": 4}
    assert conditions(body) == {
        "Available": ("True", "MinimumReplicasAvailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }


def test_scaling_up_brings_pods_which_become_ready(cluster: Cluster) -> None:
    scale = patch(cluster, f"{WEB_APP}/scale", {"spec": {"replicas": 10}}).json()
    assert (scale["kind"], scale["apiVersion"], scale["spec"]) == ("Scale", "autoscaling/v1", {"replicas": 10})
    assert scale["status"] == {"replicas": 4, "selector": "app=web-app"}

    under_way = settled(cluster, observedGeneration=2, replicas=10)
    wanted = {"replicas": 10, "updatedReplicas": 10, "readyReplicas": 4, "availableReplicas": 4}
    assert numbers(under_way) == {**wanted, "unavailableReplicas": 6}
    assert conditions(under_way) == {
        "Available": ("False", "MinimumReplicasUnavailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }
    assert len(web_app_pods(cluster)) == 10

    cluster.let_pods_start()
    done = settled(cluster, readyReplicas=10, availableReplicas=10)
    assert "unavailableReplicas" not in done["status"]
    assert conditions(done)["Available"] == ("True", "MinimumReplicasAvailable")


def test_scaling_down_removes_pods(cluster: Cluster) -> None:
    patch(cluster, f"{WEB_APP}/scale", {"spec": {"replicas": 1}})
    assert numbers(settled(cluster, replicas=1)) == dict.fromkeys(
        ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 1
    )
    patch(cluster, f"{WEB_APP}/scale", {"spec": {"replicas": 0}})
    if isinstance(cluster, Real):
        cluster.until(lambda status: "replicas" not in status)
    assert numbers(get(cluster, WEB_APP)) == {}
    assert get(cluster, f"{WEB_APP}/scale")["spec"] == {}


def test_new_pods_that_are_never_ready_leave_a_scaled_deployment_unavailable(cluster: Cluster) -> None:
    cluster.never_ready()
    patch(cluster, WEB_APP, {"spec": {"progressDeadlineSeconds": 1}})
    patch(cluster, f"{WEB_APP}/scale", {"spec": {"replicas": 6}})
    stuck = settled(cluster, replicas=6, readyReplicas=4)
    if isinstance(cluster, Simulated):
        cluster.let_time_pass(3600)
        stuck = get(cluster, WEB_APP)
    assert numbers(stuck)["unavailableReplicas"] == 2
    assert conditions(stuck) == {
        "Available": ("False", "MinimumReplicasUnavailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }


def test_a_new_image_that_never_gets_ready_passes_its_deadline(cluster: Cluster) -> None:
    cluster.never_ready()
    patch(cluster, WEB_APP, {"spec": {"progressDeadlineSeconds": 2}})
    image = {"name": "web-app", "image": "registry.example.com/web-app:broken"}
    patch(cluster, WEB_APP, {"spec": {"template": {"spec": {"containers": [image]}}}})
    begun = settled(cluster, observedGeneration=3, updatedReplicas=2)
    assert conditions(begun)["Progressing"][0] == "True"

    cluster.let_time_pass(10)
    late = get(cluster, WEB_APP)
    assert conditions(late)["Progressing"] == ("False", "ProgressDeadlineExceeded")
    message = next(each["message"] for each in late["status"]["conditions"] if each["type"] == "Progressing")
    assert message.startswith('ReplicaSet "web-app-') and message.endswith('" has timed out progressing.')
    assert conditions(late)["Available"] == ("True", "MinimumReplicasAvailable")
    assert numbers(late) == {
        "replicas": 5,
        "updatedReplicas": 2,
        "readyReplicas": 3,
        "availableReplicas": 3,
        "unavailableReplicas": 2,
    }


def test_a_new_image_replaces_every_pod(cluster: Cluster) -> None:
    image = {"name": "web-app", "image": "registry.example.com/web-app:5.13.0"}
    before = {each["metadata"]["uid"] for each in web_app_pods(cluster)}
    patch(cluster, WEB_APP, {"spec": {"template": {"spec": {"containers": [image]}}}})
    settled(cluster, observedGeneration=2, updatedReplicas=2)
    cluster.let_pods_start()
    if isinstance(cluster, Simulated):
        cluster.let_time_pass(10)
    done = settled(cluster, replicas=4, updatedReplicas=4, availableReplicas=4)
    assert conditions(done)["Progressing"] == ("True", "NewReplicaSetAvailable")
    assert done["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"
    after = web_app_pods(cluster)
    assert not before & {each["metadata"]["uid"] for each in after}
    assert {each["spec"]["containers"][0]["image"] for each in after} == {image["image"]}
    sets = get(cluster, "/apis/apps/v1/namespaces/production/replicasets", params={"labelSelector": "app=web-app"})
    assert sorted(each["spec"]["replicas"] for each in sets["items"]) == [0, 4]


def test_a_deleted_pod_is_replaced(cluster: Cluster) -> None:
    gone = web_app_pods(cluster)[0]["metadata"]["name"]
    deleted = cluster.http.delete(f"{NAMESPACE}/pods/{gone}")
    assert (deleted.status_code, deleted.json()["metadata"]["name"]) == (200, gone)
    settled(cluster, replicas=4, readyReplicas=3)
    names = [each["metadata"]["name"] for each in web_app_pods(cluster)]
    assert len(names) == 4
    assert gone not in names


def test_what_a_pod_and_its_replica_set_look_like(cluster: Cluster) -> None:
    pod = web_app_pods(cluster)[0]
    sets = get(cluster, "/apis/apps/v1/namespaces/production/replicasets", params={"labelSelector": "app=web-app"})
    owner = next(each for each in sets["items"] if each["spec"]["replicas"] == 4)
    name, code = owner["metadata"]["name"], owner["metadata"]["labels"]["pod-template-hash"]
    assert (name, pod["metadata"]["generateName"]) == (f"web-app-{code}", f"web-app-{code}-")
    assert pod["metadata"]["name"].startswith(f"web-app-{code}-")
    assert pod["metadata"]["labels"] == owner["metadata"]["labels"] == {"app": "web-app", "pod-template-hash": code}
    reference = pod["metadata"]["ownerReferences"][0]
    assert (reference["kind"], reference["name"], reference["controller"]) == ("ReplicaSet", name, True)
    assert reference["uid"] == owner["metadata"]["uid"]
    assert "kind" not in pod and "kind" not in owner  # an item of a list does not repeat what the list says
    assert owner["status"]["readyReplicas"] == 4
    assert owner["metadata"]["annotations"]["deployment.kubernetes.io/desired-replicas"] == "4"
    assert owner["metadata"]["annotations"]["deployment.kubernetes.io/max-replicas"] == "5"


def test_scaling_leaves_events(cluster: Cluster) -> None:
    patch(cluster, f"{WEB_APP}/scale", {"spec": {"replicas": 5}})
    settled(cluster, replicas=5)
    uid = get(cluster, WEB_APP)["metadata"]["uid"]
    selector = {"fieldSelector": f"involvedObject.uid={uid},reason=ScalingReplicaSet"}
    event = get(cluster, f"{NAMESPACE}/events", params=selector)["items"][-1]
    assert event["message"].startswith("Scaled up replica set web-app-")
    assert event["message"].endswith(" to 5")
    assert event["source"]["component"] == "deployment-controller"
    assert (event["type"], event["involvedObject"]["kind"]) == ("Normal", "Deployment")


@pytest.mark.parametrize("path", [WEB_APP, f"{WEB_APP}/scale"])
def test_a_dry_run_answers_with_what_would_be_and_changes_nothing(cluster: Cluster, path: str) -> None:
    before = get(cluster, WEB_APP)
    answer = patch(cluster, f"{path}?dryRun=All", {"spec": {"replicas": 9}})
    assert answer.json()["spec"]["replicas"] == 9
    assert answer.json()["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    assert get(cluster, WEB_APP) == before


def test_a_change_that_changes_nothing_makes_no_new_version(cluster: Cluster) -> None:
    before = get(cluster, WEB_APP)
    assert patch(cluster, WEB_APP, {"spec": {"replicas": 4}}).json() == before
    assert get(cluster, WEB_APP) == before


def refused(response: httpx.Response) -> tuple[int, str, str, Any]:
    body = response.json()
    assert (body["kind"], body["apiVersion"], body["status"]) == ("Status", "v1", "Failure")
    assert body["code"] == response.status_code
    return body["code"], body["reason"], body["message"], body.get("details")


def test_refusals(cluster: Cluster) -> None:
    details: Body = {"name": "nope", "group": "apps", "kind": "deployments"}
    message = 'deployments.apps "nope" not found'
    assert refused(cluster.http.get(f"{DEPLOYMENTS}/nope")) == (404, "NotFound", message, details)

    message, details = 'deployments/scale.apps "nope" not found', {**details, "kind": "deployments/scale"}
    assert refused(cluster.http.get(f"{DEPLOYMENTS}/nope/scale")) == (404, "NotFound", message, details)

    details = {"name": "nope", "kind": "pods"}
    assert refused(cluster.http.delete(f"{NAMESPACE}/pods/nope")) == (404, "NotFound", 'pods "nope" not found', details)

    message = "the server could not find the requested resource"
    path = "/apis/apps/v1/namespaces/production/nothings"
    assert refused(cluster.http.get(path)) == (404, "NotFound", message, {})

    assert refused(cluster.http.get(WEB_APP, headers=cluster.nobody)) == (401, "Unauthorized", "Unauthorized", None)


def test_a_write_against_an_older_version_is_a_conflict(cluster: Cluster) -> None:
    message = (
        'Operation cannot be fulfilled on deployments.apps "web-app": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    details = {"name": "web-app", "group": "apps", "kind": "deployments"}
    for path in (WEB_APP, f"{WEB_APP}/scale"):
        stale = {"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 3}}
        assert refused(patch(cluster, path, stale)) == (409, "Conflict", message, details)


@pytest.mark.parametrize(
    ("path", "kind", "group"), [(WEB_APP, "Deployment", "apps"), (f"{WEB_APP}/scale", "Scale", "autoscaling")]
)
def test_fewer_than_no_replicas_are_invalid(cluster: Cluster, path: str, kind: str, group: str) -> None:
    problem = "Invalid value: -1: must be greater than or equal to 0"
    cause = {"reason": "FieldValueInvalid", "message": problem, "field": "spec.replicas"}
    details = {"name": "web-app", "group": group, "kind": kind, "causes": [cause]}
    message = f'{kind}.{group} "web-app" is invalid: spec.replicas: {problem}'
    assert refused(patch(cluster, path, {"spec": {"replicas": -1}})) == (422, "Invalid", message, details)


@pytest.mark.parametrize(("path", "what"), [(WEB_APP, "deployments"), (f"{WEB_APP}/scale", "deployments/scale")])
def test_somebody_without_the_right_is_refused(cluster: Cluster, path: str, what: str) -> None:
    answer = patch(cluster, path, {"spec": {"replicas": 1}}, **cluster.restricted)
    code, reason, message, details = refused(answer)
    assert (code, reason) == (403, "Forbidden")
    assert message.startswith('deployments.apps "web-app" is forbidden: User "')
    end = f'cannot patch resource "{what}" in API group "apps" in the namespace "production"'
    assert message.endswith(end)
    assert details == {"name": "web-app", "group": "apps", "kind": "deployments"}


@pytest.mark.parametrize(
    ("path", "query", "message"),
    [
        ("pods", {"labelSelector": "a b c"}, "unable to parse requirement: found 'b'"),
        ("pods", {"fieldSelector": "spec.nothing=1"}, "spec.nothing"),
        ("pods", {"limit": "1", "continue": "abc"}, "invalid continue token"),
    ],
)
def test_requests_that_cannot_be_read(cluster: Cluster, path: str, query: dict[str, str], message: str) -> None:
    code, reason, said, _ = refused(cluster.http.get(f"{NAMESPACE}/{path}", params=query))
    assert (code, reason) == (400, "BadRequest")
    assert message in said


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/merge-patch+json", {"spec": {"replicas": 6}}),
        ("application/strategic-merge-patch+json", {"spec": {"replicas": 6}}),
        ("application/json-patch+json", [{"op": "replace", "path": "/spec/replicas", "value": 6}]),
    ],
)
@pytest.mark.parametrize("path", [WEB_APP, f"{WEB_APP}/scale"])
def test_every_kind_of_patch(cluster: Cluster, path: str, kind: str, body: Any) -> None:
    answer = cluster.http.patch(path, headers={"Content-Type": kind}, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["spec"]["replicas"] == get(cluster, WEB_APP)["spec"]["replicas"] == 6


def test_replacing_a_scale_keeps_others_from_being_overwritten(cluster: Cluster) -> None:
    scale = get(cluster, f"{WEB_APP}/scale")
    scale["spec"]["replicas"] = 5
    assert cluster.http.put(f"{WEB_APP}/scale", json=scale).json()["spec"] == {"replicas": 5}
    assert cluster.http.put(f"{WEB_APP}/scale", json=scale).status_code == 409


def test_replacing_a_deployment(cluster: Cluster) -> None:
    body = get(cluster, WEB_APP)
    body["metadata"].pop("resourceVersion")
    body["spec"]["replicas"] = 5
    answer = cluster.http.put(WEB_APP, json=body)
    assert (answer.status_code, answer.json()["metadata"]["generation"]) == (200, 2)
    body["metadata"]["name"] = "other"
    assert refused(cluster.http.put(WEB_APP, json=body))[:3] == (
        400,
        "BadRequest",
        "the name of the object (other) does not match the name on the URL (web-app)",
    )


def test_operations_that_do_not_fit_are_invalid(cluster: Cluster) -> None:
    headers = {"Content-Type": "application/json-patch+json"}
    operation = {"op": "test", "path": "/spec/replicas", "value": 77}
    message = "the server rejected our request due to an error in our request"
    answer = cluster.http.patch(WEB_APP, headers=headers, json=[operation])
    assert refused(answer) == (422, "Invalid", message, {})


@pytest.mark.parametrize(
    "edit",
    [
        {"selector": {"matchLabels": {"app": "other"}}},
        {"template": {"spec": {"containers": None}}},
        {"template": {"spec": {"containers": [{"name": "web-app", "image": ""}]}}},
    ],
)
def test_what_a_deployment_may_not_be(cluster: Cluster, edit: Body) -> None:
    code, reason, message, details = refused(patch(cluster, WEB_APP, {"spec": edit}))
    assert (code, reason) == (422, "Invalid")
    assert message.startswith('Deployment.apps "web-app" is invalid: ')
    assert (details["name"], details["kind"], details["group"]) == ("web-app", "Deployment", "apps")


@pytest.mark.parametrize("restricted", [False, True])
def test_who_may_do_what_can_be_asked(cluster: Cluster, restricted: bool) -> None:
    asked = {"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1"}
    attributes = {"verb": "patch", "resource": "deployments", "group": "apps", "namespace": "production"}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    headers = cluster.restricted if restricted else {}
    answer = cluster.http.post(path, headers=headers, json={**asked, "spec": {"resourceAttributes": attributes}})
    assert (answer.status_code, answer.json()["status"]["allowed"]) == (201, not restricted)


def test_a_long_list_comes_in_pages(cluster: Cluster) -> None:
    query = {"labelSelector": "app=web-app", "limit": "3"}
    first = get(cluster, f"{NAMESPACE}/pods", params=query)
    second = get(cluster, f"{NAMESPACE}/pods", params={**query, "continue": first["metadata"]["continue"]})
    assert (len(first["items"]), len(second["items"])) == (3, 1)
    assert "continue" not in second["metadata"]
    names = [each["metadata"]["name"] for each in first["items"] + second["items"]]
    assert names == [each["metadata"]["name"] for each in web_app_pods(cluster)]


def test_a_watch_tells_every_change_after_a_version(cluster: Cluster) -> None:
    query = {"labelSelector": "app=web-app"}
    version = get(cluster, f"{NAMESPACE}/pods", params=query)["metadata"]["resourceVersion"]
    patch(cluster, f"{WEB_APP}/scale", {"spec": {"replicas": 6}})
    settled(cluster, replicas=6)
    cluster.let_pods_start()
    settled(cluster, readyReplicas=6)
    patch(cluster, f"{WEB_APP}/scale", {"spec": {"replicas": 5}})
    settled(cluster, replicas=5)

    seen: list[Body] = []
    query |= {"watch": "true", "resourceVersion": version, "timeoutSeconds": "5"}
    with cluster.http.stream("GET", f"{NAMESPACE}/pods", params=query) as stream:
        assert stream.headers["content-type"] == "application/json"
        for line in stream.iter_lines():
            seen.append(httpx.Response(200, text=line).json())
            if seen[-1]["type"] == "DELETED":
                break
    types = [each["type"] for each in seen]
    assert types.count("ADDED") == 2
    assert types.count("DELETED") == 1
    assert "MODIFIED" in types
    versions = [int(each["object"]["metadata"]["resourceVersion"]) for each in seen]
    assert versions == sorted(versions)
    assert {each["object"]["kind"] for each in seen} == {"Pod"}


def test_a_watch_without_a_version_begins_with_what_there_is(cluster: Cluster) -> None:
    query = {"watch": "true", "timeoutSeconds": "1", "fieldSelector": "metadata.name=web-app"}
    with cluster.http.stream("GET", DEPLOYMENTS, params=query) as stream:
        lines = [httpx.Response(200, text=line).json() for line in stream.iter_lines()]
    assert [(each["type"], each["object"]["metadata"]["name"]) for each in lines] == [("ADDED", "web-app")]
    assert lines[0]["object"] == get(cluster, WEB_APP)


def test_a_table_has_the_columns_and_cells_that_kubectl_prints(cluster: Cluster) -> None:
    query = {"fieldSelector": "metadata.name=web-app"}
    answer = get(cluster, DEPLOYMENTS, headers=TABLE, params=query)
    assert (answer["kind"], answer["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    columns = [(each["name"], each["priority"]) for each in answer["columnDefinitions"]]
    assert columns == [
        ("Name", 0),
        ("Ready", 0),
        ("Up-to-date", 0),
        ("Available", 0),
        ("Age", 0),
        ("Containers", 1),
        ("Images", 1),
        ("Selector", 1),
    ]
    row = answer["rows"][0]
    assert row["cells"][:4] == ["web-app", "4/4", 4, 4]
    assert row["cells"][5:] == ["web-app", "registry.example.com/web-app:5.12.3", "app=web-app"]
    assert row["object"]["kind"] == "PartialObjectMetadata"


@pytest.mark.parametrize("kind", ["pods", "events", "namespaces"])
def test_other_tables_have_the_same_columns(cluster: Cluster, kind: str) -> None:
    path = "/api/v1/namespaces" if kind == "namespaces" else f"{NAMESPACE}/{kind}"
    answer = get(cluster, path, headers=TABLE)
    expected = {
        "pods": "Name Ready Status Restarts Age IP Node Nominated_Node Readiness_Gates",
        "events": "Last_Seen Type Reason Object Subobject Source Message First_Seen Count Name",
        "namespaces": "Name Status Age",
    }
    assert [each["name"].replace(" ", "_") for each in answer["columnDefinitions"]] == expected[kind].split()
    assert all(len(each["cells"]) == len(answer["columnDefinitions"]) for each in answer["rows"])


def test_discovery_describes_deployments_the_same_way(cluster: Cluster) -> None:
    assert get(cluster, "/api")["versions"] == ["v1"]
    groups = {each["name"]: each["preferredVersion"] for each in get(cluster, "/apis")["groups"]}
    assert groups["apps"] == {"groupVersion": "apps/v1", "version": "v1"}
    listed = {each["name"]: each for each in get(cluster, "/apis/apps/v1")["resources"]}
    about = listed["deployments"]
    assert (about["kind"], about["namespaced"], about["shortNames"]) == ("Deployment", True, ["deploy"])
    assert {"get", "list", "watch", "patch", "update"} <= set(about["verbs"])
    scale = listed["deployments/scale"]
    assert (scale["group"], scale["version"], scale["kind"]) == ("autoscaling", "v1", "Scale")
    assert {"get", "patch", "update"} == set(scale["verbs"])


def test_a_watch_delivers_what_time_alone_brings(simulated: Simulated) -> None:
    query = {"watch": "true", "timeoutSeconds": "20", "fieldSelector": "metadata.name=web-app"}
    ready = []
    with simulated.http.stream("GET", DEPLOYMENTS, params=query) as stream:
        for line in stream.iter_lines():
            status = httpx.Response(200, text=line).json()["object"]["status"]
            ready.append(status.get("readyReplicas", 0))
            if len(ready) == 1:
                patch(simulated, f"{WEB_APP}/scale", {"spec": {"replicas": 7}})
            elif status["replicas"] == 7:
                simulated.let_time_pass(1)
            if ready[-1] == 7:
                break
    assert [each for each in ready if each > 4] == [5, 6, 7]


def test_the_company_has_its_deployments(simulated: Simulated) -> None:
    deployments = summary(simulated.world)["deployments"]
    assert deployments["production/web-app"] == {
        "replicas": 4,
        "ready": 4,
        "image": "registry.example.com/web-app:5.12.3",
    }
    assert {key: each["replicas"] for key, each in deployments.items() if key.startswith("staging/")} == {
        "staging/web-app": 2,
        "staging/checkout": 2,
        "staging/payment-service": 2,
        "staging/user-auth-service": 1,
        "staging/notification-service": 1,
        "staging/analytics-service": 1,
    }
    assert all(each["ready"] == each["replicas"] for each in deployments.values())


def test_a_company_may_list_its_deployments_by_namespace(world: World) -> None:
    listed = [{"name": "shop", "namespace": "development", "replicas": 2, "image": "shop:1"}]
    seed(world, {"deployments": listed})
    assert summary(world) == {"deployments": {"development/shop": {"replicas": 2, "ready": 2, "image": "shop:1"}}}
    assert set(world.all("kubernetes/namespace")) == {"default", "development", "kube-system"}


def test_nothing_is_said_about_the_simulation(simulated: Simulated) -> None:
    for path in (DEPLOYMENTS, f"{NAMESPACE}/pods"):
        assert '"sandbox"' not in simulated.http.get(path).text
