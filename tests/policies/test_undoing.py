"""Taking a run back."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from cluster import ACTIONS, Kubernetes, NoSuch
from wiring import DevOS

from policies.undoing import NothingToUndo, undo


async def scales(house: DevOS) -> str:
    await house.kubernetes.deployment("web-app")
    await house.kubernetes.scale("web-app", "staging", 6)
    await house.kubernetes.scale("checkout", "staging", 7)
    return "done"


async def back(house: DevOS, run_to_undo: str = "run-1", systems: tuple[str, ...] = ("kubernetes",)) -> str:
    owners = {name: house.kubernetes for name in ACTIONS if name.split(".")[0] in systems}
    return await undo(run_to_undo, house.log, ACTIONS, owners)


async def test_changes_are_taken_back_in_reverse_order(house: DevOS) -> None:
    await house.take(scales)
    assert await house.take(back, run="run-2", run_to_undo="run-1") == "Took back 2 changes of run-1."
    made = [(each["deployment"], each["replicas"]) for each in house.wire.journal("scale")]
    assert made == [("web-app", 6), ("checkout", 7), ("checkout", 4), ("web-app", 4)]


async def test_each_step_back_goes_through_the_door(house: DevOS) -> None:
    async def one(house: DevOS) -> str:
        return str(await house.kubernetes.scale("web-app", "production", 6))

    taking = asyncio.create_task(house.take(one))
    await house.answer()
    await taking
    undoing = asyncio.create_task(house.take(back, run="run-2"))
    question = await house.answer()
    assert await undoing == "Took back 1 change of run-1."
    assert question.plan[0]["summary"] == "Scale web-app in production from 6 to 4 replicas"
    assert house.log.entries(run="run-2", type="devos.action.intended")[0].data["approved_by"] == "ana"


async def test_a_change_that_was_found_out_is_taken_back_too(house: DevOS) -> None:
    from policies.action import Unreachable

    house.wire.after("scale", Unreachable("no answer"))
    await house.take(scales)
    assert await house.take(back, run="run-2") == "Took back 2 changes of run-1."


async def test_what_nothing_takes_back_is_said(house: DevOS) -> None:
    async def mixed(house: DevOS) -> str:
        await house.kubernetes.restart("web-app", "staging")
        await house.kubernetes.scale("web-app", "staging", 6)
        await house.kubernetes.announce("done")
        return "done"

    await house.take(mixed)
    said = await house.take(back, run="run-2")
    assert said == ("Took back 1 change of run-1. Nothing takes back kubernetes.announce and kubernetes.restart.")


async def test_where_nothing_can_be_taken_back_it_says_what(house: DevOS) -> None:
    async def restarts(house: DevOS) -> str:
        return str(await house.kubernetes.restart("web-app", "staging"))

    await house.take(restarts)
    with pytest.raises(NothingToUndo, match=r"nothing to undo in run-1: nothing can take back kubernetes.restart"):
        await house.take(back, run="run-2")


async def test_a_run_that_changed_nothing_has_nothing_to_undo(house: DevOS) -> None:
    async def fails(house: DevOS) -> str:
        await house.kubernetes.deployment("web-app")
        with contextlib.suppress(NoSuch):
            await house.kubernetes.scale("nothing", "staging", 6)
        return "done"

    await house.take(fails)
    await house.plan(scales)  # reads of plans are no changes
    with pytest.raises(NothingToUndo, match="nothing to undo in run-1: it changed nothing"):
        await house.take(back, run="run-2")


async def test_what_is_no_longer_connected_or_known_stays(house: DevOS) -> None:
    await house.take(scales)
    with pytest.raises(NothingToUndo, match=r"kubernetes.scale and kubernetes.scale"):
        await house.take(back, run="run-2", systems=())


async def test_what_was_erased_from_the_log_stays(house: DevOS) -> None:
    await house.take(scales)
    house.log._connection.execute("DELETE FROM payloads")
    with pytest.raises(NothingToUndo, match=r"kubernetes.scale and kubernetes.scale"):
        await house.take(back, run="run-2")


async def test_an_undo_can_be_undone(house: DevOS) -> None:
    await house.take(scales)
    await house.take(back, run="run-2")
    await house.take(back, run="run-3", run_to_undo="run-2")
    made = [(each["deployment"], each["replicas"]) for each in house.wire.journal("scale")]
    assert made[-2:] == [("web-app", 6), ("checkout", 7)]


async def test_what_an_older_devos_did_in_another_shape_stays(house: DevOS) -> None:
    await house.take(scales)
    owners = dict.fromkeys(ACTIONS, house.kubernetes)
    changed = {**ACTIONS, "kubernetes.scale": Kubernetes.restart}  # takes no number any more
    with pytest.raises(NothingToUndo, match=r"nothing can take back kubernetes\.scale"):
        await house.take(lambda house: undo("run-1", house.log, changed, owners), run="run-2")


async def test_what_others_text_chose_is_taken_back_only_when_asked(house: DevOS) -> None:
    """A ticket that chose the deployment chooses it in the undo as well, although the undo itself reads nothing."""

    async def obeys(house: DevOS) -> str:
        text = (await house.kubernetes.note("web-app")).text.open()
        return f"{await house.kubernetes.scale(text.split()[2], 'staging', 6)}"

    taking = asyncio.create_task(house.take(obeys))
    await house.answer()
    await taking
    undoing = asyncio.create_task(house.take(back, run="run-2"))
    (change,) = (await house.answer()).plan
    assert (change["outside"], change["opened"]) == (
        ["deployment", "namespace", "replicas"],
        ["kubernetes web-app note"],
    )
    assert await undoing == "Took back 1 change of run-1."
