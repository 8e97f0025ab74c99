"""What a request would change, before anything is changed; and what of it a person's approval covers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cluster import NoSuch
from victim import asks
from wiring import DevOS

from policies.action import Unreachable
from policies.decision import Level
from policies.later import Later
from policies.plan import Change, Plan
from policies.steps import offer, together, until

Build = Callable[..., DevOS]


async def release(devos: DevOS) -> str:
    """Read, change, tell with what came of it, and look."""
    before = await devos.kubernetes.deployment("web-app", "production")
    scaled = await devos.kubernetes.scale("web-app", "production", before.replicas + 2)
    await devos.kubernetes.announce(f"web-app has {scaled.replicas} instead of {scaled.was:02d}")
    after = await devos.kubernetes.deployment("web-app", "production")
    await devos.kubernetes.announce(f"seen {after.replicas}", about=after.name)
    return "released"


async def test_the_plan_lists_each_change_with_all_a_person_needs(house: DevOS) -> None:
    plan = await house.plan(release)
    scale, tell, told = plan.changes
    decision = next(rule for rule in house.rules.rules if rule.id == "changes-in-production")
    assert scale == Change(
        step=2,
        action="kubernetes.scale",
        args={"deployment": "web-app", "namespace": "production", "replicas": 6},
        target="production/web-app",
        environment="production",
        summary="Scale web-app in production from 4 to 6 replicas",
        undo="Scale it back to 4",
        evidence="",
        before=4,
        after=6,
        level="confirm",
        rule="changes-in-production",
        where=decision.where,
        because="production/web-app is in production.",
    )
    assert (tell.step, tell.level, told.step) == (3, "auto", 5)
    assert plan.level is Level.CONFIRM
    assert (plan.answer, plan.failed, plan.open) == (None, None, "")
    assert not house.wire.journal()


async def test_what_comes_later_is_a_reference_that_a_person_can_read(house: DevOS) -> None:
    plan = await house.plan(release)
    assert plan.changes[1].args["text"] == {
        "$text": [
            "web-app has ",
            {"$later": {"of": 2, "path": ["replicas"], "format": ""}},
            " instead of ",
            {"$later": {"of": 2, "path": ["was"], "format": "02d"}},
        ]
    }
    assert plan.shown()[1]["args"] == {
        "text": "web-app has [replicas from step 2] instead of [was from step 2]",
        "about": "web-app",
    }
    assert plan.changes[2].args["about"] == {"$later": {"of": 4, "path": ["name"], "format": ""}}
    assert plan.changes[2].target == "channel of [name from step 4]"
    assert "@@later" not in json.dumps(plan.to_json())


async def test_a_plan_is_read_back_as_it_was(house: DevOS) -> None:
    for plan in (await house.plan(release), Plan(answer="4"), Plan(failed={"refused": ["no", "", ""]}, open="x")):
        assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


async def test_the_digest_is_of_everything_that_is_shown(house: DevOS) -> None:
    plan = await house.plan(release)
    assert plan.digest == (await house.plan(release)).digest
    scale = plan.changes[0]
    others = [replace(scale, **{field: "x"}) for field in ("summary", "undo", "evidence", "rule", "because", "level")]
    others += [replace(scale, args={**scale.args, "replicas": 7}), replace(scale, after=7), replace(scale, step=9)]
    plans = [replace(plan, changes=(other, *plan.changes[1:])) for other in others]
    plans += [replace(plan, changes=plan.changes[::-1]), replace(plan, open="it ends here"), Plan(plan.changes[:1])]
    assert len({plan.digest, *(each.digest for each in plans)}) == 1 + len(plans)


async def test_the_digest_is_the_same_in_another_process(
    house: DevOS, kill: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    other: Path = tmp_path_factory.mktemp("other")
    run = kill("asks", folder=other)
    there = DevOS(other)
    (question,) = there.approvals.of_run(run)
    there.close()
    plan = await house.plan(asks)
    assert question.digest == plan.digest
    assert question.plan == plan.shown()


async def test_reads_are_made_and_recorded_as_reads_of_a_plan(house: DevOS) -> None:
    await house.plan(release)
    reads = house.log.entries(type="devos.action.intended")
    assert [(entry.action, entry.step, entry.data["plan"]) for entry in reads] == [("kubernetes.deployment", 1, True)]


async def test_a_request_that_only_reads_is_answered_by_its_plan(house: DevOS) -> None:
    async def count(house: DevOS) -> str:
        return f"{(await house.kubernetes.deployment('web-app')).replicas} replicas"

    assert await house.plan(count) == Plan(answer="4 replicas")
    assert Plan(answer="4 replicas").level is Level.AUTO


async def test_waiting_for_something_reads_once_in_a_plan(house: DevOS) -> None:
    async def waits(house: DevOS) -> str:
        seen = await until(lambda: house.kubernetes.deployment("web-app"), lambda one: False, what="never", every=1)
        return f"{seen.replicas}"

    assert await house.plan(waits) == Plan(open="It waits for never.")  # what it would say now is not its answer
    assert not house.slept
    assert len(house.wire.journal("read")) == 1


async def test_a_request_that_only_waits_and_reads_waits(house: DevOS) -> None:
    async def waits(house: DevOS) -> str:
        seen = await until(lambda: house.kubernetes.deployment("web-app"), lambda one: one.replicas == 6, what="six")
        return f"{seen.replicas}"

    async def somebody_scales(seconds: float) -> None:
        await house.wire.send("scale", deployment="web-app", namespace="staging", replicas=6)

    house.sleep = somebody_scales
    async with house:
        assert (await house.do(waits))["said"] == "6"


async def test_waiting_after_a_change_is_a_later_value(house: DevOS) -> None:
    async def waits(house: DevOS) -> str:
        await house.kubernetes.restart("web-app", "staging")
        seen = await until(lambda: house.kubernetes.deployment("web-app"), lambda one: False, what="never")
        assert isinstance(seen, Later)
        return "done"

    assert [change.step for change in (await house.plan(waits)).changes] == [1]


async def test_a_request_that_has_to_know_what_comes_later_is_planned_up_to_there(house: DevOS) -> None:
    async def decides(house: DevOS) -> str:
        scaled = await house.kubernetes.scale("web-app", "staging", 6)
        if scaled.replicas > 5:
            await house.kubernetes.announce("many")
        return "done"

    plan = await house.plan(decides)
    assert [change.action for change in plan.changes] == ["kubernetes.scale"]
    assert plan.open == "replicas of step 1 is known only once it is done."


async def test_a_preview_that_has_to_know_what_comes_later_ends_the_plan(house: DevOS) -> None:
    async def chain(house: DevOS) -> str:
        first = await house.kubernetes.scale("web-app", "staging", 6)
        await house.kubernetes.scale("checkout", "staging", first.replicas + 1)
        return "done"

    plan = await house.plan(chain)
    assert len(plan.changes) == 1
    assert plan.open == "replicas of step 1 is known only once it is done."


async def test_a_number_that_comes_later_is_judged_when_it_is_known(house: DevOS) -> None:
    async def chain(house: DevOS) -> str:
        first = await house.kubernetes.scale("web-app", "staging", 6)
        await house.kubernetes.scale("checkout", "staging", first.replicas)
        return "done"

    _, second = (await house.plan(chain)).changes
    assert (second.before, second.after, second.level) == (4, None, "auto")
    assert second.summary == "Scale checkout in staging from 4 to [replicas from step 1] replicas"


async def test_a_target_that_comes_later_is_said_in_words(house: DevOS) -> None:
    async def chain(house: DevOS) -> str:
        number = await house.kubernetes.announce("it begins")
        await house.kubernetes.answer(number, "it goes on")
        return "done"

    first, second = await house.plan(chain), await house.plan(chain)
    assert first.changes[1].target == "[result from step 1]"
    assert first.digest == second.digest


async def test_a_foreign_reference_in_text_ends_the_plan(house: DevOS) -> None:
    async def quotes(house: DevOS) -> str:
        await house.kubernetes.restart("web-app", "staging")
        await house.kubernetes.announce("@@later 0123456789abcdef 1 replicas @@")
        return "done"

    plan = await house.plan(quotes)
    assert [change.action for change in plan.changes] == ["kubernetes.restart"]
    assert "holds a reference that this plan did not make" in plan.open


async def test_a_failing_read_fails_the_plan(house: DevOS) -> None:
    async def looks(house: DevOS) -> str:
        return str(await house.kubernetes.deployment("nothing"))

    assert (await house.plan(looks)).failed == {
        "error": {"kind": "cluster.NoSuch", "args": ["nothing"], "text": "there is no 'nothing'"}
    }


async def test_a_failing_preview_fails_the_plan(house: DevOS) -> None:
    async def scales(house: DevOS) -> str:
        await house.kubernetes.restart("web-app", "staging")
        await house.kubernetes.scale("nothing", "staging", 6)
        return "done"

    plan = await house.plan(scales)
    assert plan.failed is not None
    assert plan.failed["error"]["kind"] == NoSuch("x").kind
    assert [change.action for change in plan.changes] == ["kubernetes.restart"]


async def test_a_preview_is_repeated_while_it_is_not_answered(house: DevOS) -> None:
    async def scales(house: DevOS) -> str:
        await house.kubernetes.scale("web-app", "staging", 6)
        return "done"

    house.wire.before("read", Unreachable("no answer"), Unreachable("no answer"))
    assert len((await house.plan(scales)).changes) == 1
    assert len(house.slept) == 2


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ('@id("no") forbid (principal, action == Action::"kubernetes.deployment", resource);', "is not automatic"),
        ('@id("no") @approval("confirm") permit (principal, action in Action::"read", resource);', "is not automatic"),
    ],
)
async def test_a_read_that_is_not_automatic_refuses_the_plan(build: Build, rule: str, says: str) -> None:
    plan = await build(rules=rule).plan(release)
    assert plan.failed is not None
    assert says in plan.failed["refused"][0]
    assert plan.failed["refused"][1:] == ["no", "own.cedar:1"]


async def test_a_denied_change_stands_in_the_plan_as_denied(build: Build) -> None:
    house = build(rules='@id("no") forbid (principal, action == Action::"kubernetes.scale", resource);')
    denied = (await house.plan(release)).changes[0]
    assert (denied.level, denied.rule) == ("deny", "no")


async def test_an_offer_is_to_be_confirmed_whatever_the_rules_let_pass(house: DevOS) -> None:
    async def offers(house: DevOS) -> str:
        await offer(lambda: house.kubernetes.restart("web-app", "staging"))
        return "done"

    (change,) = (await house.plan(offers)).changes
    assert (change.level, change.because) == ("confirm", "It is offered, not asked for: you decide.")


async def test_branches_stand_in_the_plan_by_their_numbers(house: DevOS) -> None:
    async def branch(house: DevOS, name: str, looks: bool) -> None:
        if looks:
            await house.kubernetes.deployment(name)
        await house.kubernetes.restart(name, "staging")

    async def both(house: DevOS) -> str:
        await together(branch(house, "web-app", True), branch(house, "checkout", False))
        return "done"

    plan = await house.plan(both)
    assert [(change.step, change.args["deployment"]) for change in plan.changes] == [(2, "web-app"), (101, "checkout")]


def changed(args: dict[str, Any]) -> Change:
    return Change(2, "kubernetes.announce", args, "t", "none", "s", "", "", None, None, "auto", "r", "w", "b")


LATER = {"$later": {"of": 1, "path": ["was"], "format": ""}}


@pytest.mark.parametrize(
    ("name", "args", "results", "covered"),
    [
        ("kubernetes.announce", {"text": "a", "about": 4}, {1: {"was": 4}}, True),
        ("kubernetes.announce", {"text": "b", "about": 4}, {1: {"was": 4}}, False),
        ("kubernetes.announce", {"text": "a", "about": 5}, {1: {"was": 4}}, False),
        ("kubernetes.announce", {"text": "a"}, {1: {"was": 4}}, False),
        ("kubernetes.announce", {"text": "a", "about": 4, "more": 1}, {1: {"was": 4}}, False),
        ("kubernetes.restart", {"text": "a", "about": 4}, {1: {"was": 4}}, False),
        ("kubernetes.announce", {"text": "a", "about": 4}, {}, False),
        ("kubernetes.announce", {"text": "a", "about": 4}, {1: None}, False),
        ("kubernetes.announce", {"text": "a", "about": LATER}, {1: {"was": 4}}, False),
    ],
)
def test_a_change_covers_exactly_the_call_it_shows(
    name: str, args: dict[str, Any], results: dict[int, Any], covered: bool
) -> None:
    assert changed({"text": "a", "about": LATER}).covers(name, args, results) is covered
