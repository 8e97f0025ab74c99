"""The one door: decide, ask, write the intention, perform once, write the result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from cluster import NoSuch
from wiring import PATIENCE, START, DevOS

from policies.action import IntegrationError, Unreachable
from policies.audit.log import CannotRecord, Entry, Log
from policies.audit.redact import REDACTED
from policies.output import Origin, Refused, key_of

Build = Callable[..., DevOS]
FORBID = '@id("never") forbid (principal, action == Action::"kubernetes.scale", resource);'
FOUR_EYES = '@id("four-eyes") @approval("approve") permit (principal, action == Action::"kubernetes.scale", resource);'
READS_ASK = (
    '@id("secret") @approval("confirm") permit (principal, action == Action::"kubernetes.deployment", resource);'
)


async def reads(house: DevOS) -> str:
    return f"{(await house.kubernetes.deployment('web-app')).replicas}"


async def scales(house: DevOS, namespace: str = "staging", deployment: str = "web-app") -> str:
    return f"{await house.kubernetes.scale(deployment, namespace, 6)}"


async def test_an_action_is_announced_before_and_recorded_after(house: DevOS) -> None:
    states: list[list[str]] = []
    house.wire.before("scale", lambda: states.append(house.types("run-1")))
    await house.take(scales)
    assert states == [["action.intended"]]
    intended, done = house.log.entries(run="run-1")
    call = house.kubernetes.scale.call("web-app", "staging", 6)
    rule = next(each for each in house.rules.rules if each.id == "changes-outside-production")
    assert intended.data == {
        "effect": "change",
        "target": "staging/web-app",
        "environment": "staging",
        "level": "auto",
        "rule": "changes-outside-production",
        "where": rule.where,
        "ruleset": house.rules.ruleset,
        "approved_by": None,
        "via": None,
        "digest": call.digest,
        "key": key_of(Origin("run-1", "ana", "typed", "any", "simple"), call, 1),
        **{"plan": False, "offered": False},
        "facts": {
            **{"effect": "change", "target": "staging/web-app", "environment": "staging"},
            **{"person": "ana", "channel": "typed", "intent": "any", "tier": "simple", "before": 4, "after": 6},
            **{"bound": 50, "cost": None, "at": START.isoformat(), "groups": [], "outside": [], "opened": []},
        },
    }
    assert intended.payload == {"args": {"deployment": "web-app", "namespace": "staging", "replicas": 6}}
    assert (intended.step, intended.action) == (done.step, done.action) == (1, "kubernetes.scale")
    assert (done.type, done.data) == (
        "devos.action.done",
        {"how": "performed", "digest": call.digest, "plan": False},
    )
    assert done.payload == {"digest": call.digest, "result": {"was": 4, "replicas": 6}}
    assert house.wire.journal("scale")[0]["key"] == intended.data["key"]


async def test_what_was_recorded_is_not_performed_again(house: DevOS) -> None:
    assert await house.take(scales) == await house.take(scales) == "Scaled(was=4, replicas=6)"
    assert len(house.wire.journal("scale")) == 1


class Full(Log):
    """A log on a disk that fills up as the n-th entry of a kind is written."""

    full: tuple[str, int]

    async def append(self, entry: Entry) -> int:
        kind, left = self.full
        if entry.type == f"devos.action.{kind}":
            if left == 0:
                raise CannotRecord("The audit log cannot be written: no space left on device.")
            self.full = kind, left - 1
        return await super().append(entry)


@pytest.mark.parametrize("workflow", [reads, scales])
async def test_what_cannot_be_announced_is_not_performed(house: DevOS, workflow: Any) -> None:
    house.log._connection.execute("PRAGMA query_only=ON")  # as on a disk that became read-only
    with pytest.raises(CannotRecord, match="readonly"):
        await house.take(workflow)
    assert not house.wire.journal("scale")
    assert not house.wire.journal("read") or workflow is scales  # its preview reads, and is no action


async def test_a_change_is_tried_again_only_when_that_could_be_announced(house: DevOS) -> None:
    house.wire.before("scale", Unreachable("no answer"))
    house.log.__class__ = Full  # type: ignore[assignment]  # the disk fills up between two attempts
    house.log.full = ("intended", 1)  # type: ignore[attr-defined]
    with pytest.raises(CannotRecord, match="no space left"):
        await house.take(scales)
    assert not house.wire.journal("scale")


async def test_a_question_that_cannot_be_written_down_is_not_asked(house: DevOS) -> None:
    house.log.__class__ = Full  # type: ignore[assignment]  # the disk fills up
    house.log.full = ("asked", 0)  # type: ignore[attr-defined]
    with pytest.raises(CannotRecord):
        await house.take(scales, namespace="production")
    assert not house.approvals.open()


async def test_a_forbidden_change_is_refused_with_the_rule_and_where_it_stands(build: Build) -> None:
    house = build(rules=FORBID)
    with pytest.raises(Refused, match=r"kubernetes.scale is refused: .*\(rule never, own.cedar:1\)") as refused:
        await house.take(scales)
    assert (refused.value.rule, refused.value.where) == ("never", "own.cedar:1")
    assert house.types("run-1") == ["action.refused"]
    assert not house.wire.journal()


async def test_a_read_can_need_agreement_too(build: Build) -> None:
    house = build(rules=READS_ASK)
    taking = asyncio.create_task(house.take(reads))
    await house.answer()
    assert await taking == "4"


async def test_a_change_that_cannot_be_previewed_fails_and_is_recorded(house: DevOS) -> None:
    with pytest.raises(NoSuch, match="nothing"):
        await house.take(scales, deployment="nothing")
    (entry,) = house.log.entries(run="run-1")
    assert (entry.type, entry.data["how"]) == ("devos.action.failed", "not performed")
    with pytest.raises(NoSuch, match="nothing"):
        await house.take(scales, deployment="nothing")


async def test_secrets_in_a_result_reach_neither_the_log_nor_the_request(house: DevOS) -> None:
    from policies.action import Effect, action

    class Vault:
        @action(Effect.READ)
        async def deployment(self, deployment: str, namespace: str) -> dict[str, str]:
            """Read."""
            return {"password": "hunter2-hunter2", "name": deployment}

    Vault.__name__ = "Kubernetes"
    Vault.deployment.name = "kubernetes.deployment"

    async def asks(house: DevOS) -> str:
        return str(await Vault().deployment("x", "staging"))

    assert await house.take(asks) == str({"password": REDACTED, "name": "x"})
    assert "hunter2" not in str(house.log.entries())


async def test_where_the_level_rose_while_one_waited_it_is_asked_again(house: DevOS) -> None:
    taking = asyncio.create_task(house.take(scales, namespace="production"))
    question = await house.question()
    house.rule(FOUR_EYES)
    await house.approvals.answer(question.id, True, "ana", "test")
    second = await house.answer(by="bob")
    await taking
    assert (question.level, second.level) == ("confirm", "approve")
    assert house.log.entries(run="run-1", type="devos.action.intended")[0].data["approved_by"] == "bob"
    assert house.types("run-1").count("action.asked") == 1  # the step was announced as asking already


async def test_where_a_rule_forbids_meanwhile_it_is_refused(house: DevOS) -> None:
    taking = asyncio.create_task(house.take(scales, namespace="production"))
    question = await house.question()
    house.rule(FORBID)
    await house.approvals.answer(question.id, True, "ana", "test")
    with pytest.raises(Refused, match="rule never"):
        await taking
    assert not house.wire.journal()


async def test_while_frozen_reads_go_on_and_changes_hold(house: DevOS) -> None:
    held, seen = asyncio.Event(), []

    async def sleep(seconds: float) -> None:
        seen.append(dict(house.door.waits.outside))
        held.set()
        await asyncio.sleep(0)

    house.sleep = sleep
    house.brake.freeze()
    assert await house.take(reads) == "4"
    taking = asyncio.create_task(house.take(scales, first=2))
    await held.wait()
    assert house.types("run-1") == ["action.intended", "action.done"]
    house.brake.thaw()
    assert await taking == "Scaled(was=4, replicas=6)"
    assert seen[0] == {"run-1": "`devos thaw`: every change is frozen"}
    assert not house.door.waits.outside


async def test_a_change_under_way_is_finished_and_recorded_although_it_is_cancelled(house: DevOS) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        begun.set()
        await go_on.wait()

    house.wire.before("scale", slow)
    taking = asyncio.create_task(house.take(scales))
    await begun.wait()
    taking.cancel()
    await asyncio.sleep(0)
    assert not taking.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await taking
    assert house.types("run-1") == ["action.intended", "action.done"]


async def test_one_can_wait_until_no_change_is_under_way(house: DevOS) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        begun.set()
        await go_on.wait()

    assert await house.door.settled(within=0)
    house.wire.before("scale", slow)
    taking = asyncio.create_task(house.take(scales))
    await begun.wait()
    assert not await house.door.settled(within=0)
    go_on.set()
    assert await house.door.settled(within=PATIENCE)
    assert house.types("run-1") == ["action.intended", "action.done"]
    await taking


async def test_a_read_under_way_is_dropped_when_it_is_cancelled(house: DevOS) -> None:
    begun = asyncio.Event()

    async def slow() -> None:
        begun.set()
        await asyncio.Event().wait()

    house.wire.before("read", slow)
    taking = asyncio.create_task(house.take(reads))
    await begun.wait()
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    assert house.types("run-1") == ["action.intended"]


async def test_a_change_is_decided_again_before_it_is_tried_again(house: DevOS) -> None:
    house.wire.before("scale", Unreachable("no answer"), lambda: pytest.fail("tried again although it is forbidden"))
    sleep, asked = house.door._sleep, []

    async def meanwhile(seconds: float) -> None:
        asked.append(seconds)
        house.rule(FORBID)
        await sleep(seconds)

    house.door._sleep = meanwhile
    with pytest.raises(Refused, match="never"):
        await house.take(scales)
    assert asked and house.types("run-1") == ["action.intended", "action.refused"]


async def test_a_fault_of_ours_after_the_change_is_recorded_as_not_known(house: DevOS) -> None:
    def stumble() -> None:
        raise KeyError("id")

    house.wire.after("scale", stumble)
    with pytest.raises(
        IntegrationError, match=r"ended in a fault of DevOS \(KeyError: 'id'\); whether it happened is not"
    ):
        await house.take(scales)
    assert house.types("run-1") == ["action.intended", "action.failed"]
    assert len(house.wire.journal("scale")) == 1


async def test_when_the_daemon_ends_no_change_begins_and_those_under_way_are_waited_for(house: DevOS) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        begun.set()
        await go_on.wait()

    house.wire.before("scale", slow)
    first = asyncio.create_task(house.take(scales))
    async with asyncio.timeout(PATIENCE):
        await begun.wait()
        house.door.close()
        assert not await house.door.settled(0.0) and await house.door.settled(0.0, "run-2")
        later = asyncio.create_task(house.take(scales, run="run-2"))
        go_on.set()
        assert await house.door.settled(PATIENCE)
        await first
    assert len(house.wire.journal("scale")) == 1 and not later.done()
    later.cancel()
    await asyncio.gather(later, return_exceptions=True)
