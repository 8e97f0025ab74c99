"""The simulated deployment controller: what it would have done by now, worked out whenever somebody looks.

Replica sets, pods, events and the conditions Available and Progressing follow
https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status and what the real controller was
seen to do. As there, a deployment that is complete and is only scaled does not start to progress again: if the new pods
never become ready, Progressing stays True and Available tells.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from datetime import datetime, timedelta

from integrations.sandbox.kubernetes_conditions import allowance, progress_due, report
from integrations.sandbox.kubernetes_objects import Body, event, key_of, remove, replica_set, store, template_hash
from integrations.sandbox.kubernetes_pods import due, is_crashing, is_ready, make_crash, make_ready, pod
from integrations.sandbox.world import World

_REVISION = "deployment.kubernetes.io/revision"
_AGENDA = ("kubernetes/agenda", "next")
"""Until which moment nothing will happen, if nothing is changed: looking often must cost little."""


def reconcile(world: World) -> datetime | None:
    """Bring the cluster to the present; the moment at which the next thing will happen by itself, if any will."""
    now = world.now()
    agenda = world.get(*_AGENDA)
    if agenda is not None and agenda["revision"] == world.revision:
        due = None if agenda["due"] is None else datetime.fromisoformat(agenda["due"])
        if due is None or now < due:
            return due
    with world.transaction():
        bodies = world.all("kubernetes/deployment").values()
        moments = [advance(world, body, now) for body in bodies]
        due = min((each for each in moments if each is not None), default=None)
        text = None if due is None else due.isoformat()
        world.put(*_AGENDA, {"revision": world.revision + 1, "due": text})
    return due


def advance(world: World, body: Body, now: datetime) -> datetime | None:
    """Bring one deployment to `now`; the moment at which its next thing happens by itself, if any does."""
    return _Controller(world, body).advance(now)


class _Controller:
    """One deployment with its replica sets and pods, as they stand at one moment after the other."""

    def __init__(self, world: World, body: Body) -> None:
        self.world = world
        self.body = body
        self.before = copy.deepcopy(body)
        key, uid = key_of(body), body["metadata"]["uid"]
        self.sets = _owned_by({uid}, world.all("kubernetes/replicaset", f"{key}-").values())
        self.sets_before = copy.deepcopy(self.sets)
        owners = {each["metadata"]["uid"] for each in self.sets}
        self.pods = _owned_by(owners, world.all("kubernetes/pod", f"{key}-").values())
        self.settings = world.settings
        self.never_ready = key in self.settings.pods_never_ready

    def advance(self, now: datetime) -> datetime | None:
        if not self.never_ready:
            for each in self.pods:
                if is_crashing(each):
                    self._start(each, now)
        self._catch_up(now)
        self._settle(now)
        self._catch_up(now)  # where a rollout takes no time
        return self._due()

    def _catch_up(self, now: datetime) -> None:
        while (moment := self._due()) is not None and moment <= now:
            for each in self.pods:
                start = due(each)
                if start is not None and start <= moment:
                    self._start(each, moment)
            self._settle(moment)

    def _due(self) -> datetime | None:
        moments = [due(each) for each in self.pods] + [progress_due(self.body)]
        return min((each for each in moments if each is not None), default=None)

    def _start(self, each: Body, at: datetime) -> None:
        name, container = each["metadata"]["name"], each["spec"]["containers"][0]["name"]
        if self.never_ready:
            make_crash(each)
            self._say(each, "Started", f"Started container {container}", at, "kubelet")
            where = f"{each['metadata']['namespace']}({each['metadata']['uid']})"
            message = f"Back-off restarting failed container {container} in pod {name}_{where}"
            self._say(each, "BackOff", message, at, "kubelet", "Warning")
        else:
            make_ready(each, at)
            self._say(each, "Started", f"Started container {container}", at, "kubelet")
        store(self.world, each)

    def _settle(self, at: datetime) -> None:
        newest = self._newest(at)
        desired = self.body["spec"]["replicas"]
        if self.body["status"].get("observedGeneration") != self.body["metadata"]["generation"]:
            missing = desired - len(self._of(newest))
            self.body["sandbox"] = {"pace": self.settings.rollout_seconds / max(1, missing)}
        while self._scale(newest, desired, at):
            pass
        for each in self.sets:
            self._record_set(each, at)
        report(self.body, newest, self.pods, self._of(newest), at)
        if self.body != self.before:
            store(self.world, self.body)
            self.before = copy.deepcopy(self.body)

    def _newest(self, at: datetime) -> Body:
        """The replica set of the present template, made or taken up again where it is not the newest yet."""
        name = f"{self.body['metadata']['name']}-{template_hash(self.body)}"
        revision = max((int(each["metadata"]["annotations"][_REVISION]) for each in self.sets), default=0)
        found = next((each for each in self.sets if each["metadata"]["name"] == name), None)
        if found is None and self.sets and self.body["spec"].get("paused"):
            return max(self.sets, key=lambda each: int(each["metadata"]["annotations"][_REVISION]))
        if found is None:
            found = replica_set(self.world, self.body, revision + 1, at)
            self.sets.append(found)
        elif int(found["metadata"]["annotations"][_REVISION]) < revision:
            found["metadata"]["annotations"][_REVISION] = str(revision + 1)
        self.body["metadata"]["annotations"][_REVISION] = found["metadata"]["annotations"][_REVISION]
        return found

    def _scale(self, newest: Body, desired: int, at: datetime) -> bool:
        """Make or delete as many pods as may be at this moment; whether any was."""
        new = self._of(newest)
        old = _owned_by({each["metadata"]["uid"] for each in self.sets} - {newest["metadata"]["uid"]}, self.pods)
        surge, unavailable = allowance(self.body)
        room = desired - len(new) if not old else min(desired - len(new), desired + surge - len(self.pods))
        if room > 0 and not (old and self.body["spec"]["strategy"]["type"] == "Recreate"):
            self._create(newest, room, at)
            return True
        least_wanted = sorted(new, key=lambda each: (is_ready(each), -each["sandbox"]["number"]))
        surplus = least_wanted[: max(0, len(new) - desired)]
        floor = desired - unavailable
        unready_new = sum(not is_ready(each) for each in new)
        spare = max(0, len(self.pods) - floor - unready_new)
        ready_spare = max(0, sum(is_ready(each) for each in self.pods) - floor)
        gone = [each for each in old if not is_ready(each)] + [each for each in old if is_ready(each)][:ready_spare]
        doomed = surplus + gone[:spare]
        for each in doomed:
            self._delete(each, at)
        return bool(doomed)

    def _create(self, owner: Body, count: int, at: datetime) -> None:
        pace = timedelta(seconds=self.body.get("sandbox", {}).get("pace", self.settings.rollout_seconds))
        waiting = [moment for each in self._of(owner) if (moment := due(each)) is not None]
        ready_at = max(waiting, default=at)
        for _ in range(count):
            ready_at += pace
            made = pod(self.world, owner, at, ready_at)
            self.pods.append(made)
            store(self.world, made)
            name = made["metadata"]["name"]
            self._say(owner, "SuccessfulCreate", f"Created pod: {name}", at, "replicaset-controller")
            where = f"{made['metadata']['namespace']}/{name} to {made['spec']['nodeName']}"
            self._say(made, "Scheduled", f"Successfully assigned {where}", at, "default-scheduler")

    def _delete(self, doomed: Body, at: datetime) -> None:
        self.pods.remove(doomed)
        remove(self.world, doomed)
        owner = next(each for each in self.sets if _owned_by({each["metadata"]["uid"]}, [doomed]))
        message = f"Deleted pod: {doomed['metadata']['name']}"
        self._say(owner, "SuccessfulDelete", message, at, "replicaset-controller")

    def _record_set(self, body: Body, at: datetime) -> None:
        """Write down how many pods a replica set has, and say when that number was changed."""
        name, count = body["metadata"]["name"], len(self._of(body))
        ready = sum(is_ready(each) for each in self._of(body))
        desired = self.body["spec"]["replicas"]
        old = body["spec"]["replicas"]
        body["metadata"]["annotations"] |= {
            "deployment.kubernetes.io/desired-replicas": str(desired),
            "deployment.kubernetes.io/max-replicas": str(desired + allowance(self.body)[0]),
        }
        if count != old:
            way = "up" if count > old else "down"
            message = f"Scaled {way} replica set {name} from {old} to {count}"
            self._say(self.body, "ScalingReplicaSet", message, at, "deployment-controller")
            body["metadata"]["generation"] += 1
            body["spec"]["replicas"] = count
        status = {"replicas": count, "observedGeneration": body["metadata"]["generation"]}
        if count:
            status["fullyLabeledReplicas"] = count
        if ready:
            status |= {"readyReplicas": ready, "availableReplicas": ready}
        body["status"] = status
        if body not in self.sets_before:
            store(self.world, body)
            self.sets_before = copy.deepcopy(self.sets)

    def _of(self, owner: Body) -> list[Body]:
        return _owned_by({owner["metadata"]["uid"]}, self.pods)

    def _say(self, about: Body, reason: str, message: str, at: datetime, source: str, type_: str = "Normal") -> None:
        store(self.world, event(self.world, about, reason, message, at, source, type_))


def _owned_by(owners: set[str], bodies: Iterable[Body]) -> list[Body]:
    return [each for each in bodies if any(of["uid"] in owners for of in each["metadata"]["ownerReferences"])]
