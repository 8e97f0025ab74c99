"""Every answer and every use that must not count: refused, recorded, and without any effect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from wiring import START, DevOS

from policies.approvals import Approval, CannotAnswer
from policies.decision import Demand, Level
from policies.people import People
from policies.store import runs_table
from policies.voters import CEILINGS, Voters

CONFIRM, APPROVE = Demand(Level.CONFIRM), Demand(Level.APPROVE)
GROUP = Demand(Level.APPROVE, "payments")
TWO = Demand(Level.APPROVE, "payments", 2)
WHY = Demand(Level.APPROVE, reason=True)
PEOPLE = People(
    {
        "ana": {"entra": "A-1", "jira": "j-ana"},
        "anna": {"entra": "a-1"},  # the same human being, twice in the settings
        "bob": {"entra": "B-1"},
        "eve": {"entra": "E-1"},
        "evelyn": {"entra": "e-1"},
        "tom": {"entra": "T-1"},
    },
    {"payments": ("ana", "anna", "eve", "evelyn", "tom"), "empty": ()},
)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> Any:
        return self.now


@dataclass
class Scene:
    """A DevOS, its clock, and the question that is answered badly."""

    house: DevOS
    clock: Clock
    question: Approval

    async def said(self, by: str, yes: bool = True, via: str = "web", **more: Any) -> Approval:
        return await self.house.approvals.answer(self.question.id, yes, by, via, **more)

    def run(self, status: str) -> None:
        with self.house.engine.begin() as connection:
            connection.execute(runs_table.update().values(status=status))

    def wait(self, **span: float) -> None:
        self.clock.now += timedelta(**span)

    def people(self, people: People, **ceilings: Level) -> None:
        self.house.approvals.voters = Voters(people, {**CEILINGS, **ceilings})


Before = Callable[[Scene], Awaitable[Any]]


@dataclass(frozen=True)
class Bad:
    """One way of answering that must not count."""

    name: str
    says: str
    demand: Demand = APPROVE
    by: str = "bob"
    via: str = "web"
    subject: str = "plan"
    asker: str = "ana"
    more: dict[str, Any] = field(default_factory=dict)
    before: Before | None = None


async def yes(scene: Scene) -> None:
    await scene.said("bob")


async def no(scene: Scene) -> None:
    await scene.said("bob", yes=False)


async def used(scene: Scene) -> None:
    assert await scene.house.approvals.use(await scene.said("bob"))


async def eves_vote(scene: Scene) -> None:
    await scene.said("eve")


async def expired(scene: Scene) -> None:
    scene.wait(hours=12)


async def expired_and_set_back(scene: Scene) -> None:
    scene.wait(hours=12)
    scene.house.approvals.open()
    scene.wait(days=-1)


async def set_back_unseen(scene: Scene) -> None:
    scene.wait(hours=-2)


async def withdrawn(scene: Scene) -> None:
    await scene.house.approvals.withdraw("run-1")


async def cancelled(scene: Scene) -> None:
    scene.run("cancelled")


ANSWERS = [
    Bad("twice", "is approved already", before=yes),
    Bad("twice, by another", "is approved already", by="tom", before=yes),
    Bad("after a no", "is denied already", before=no),
    Bad("after it was used", "is used already", before=used),
    Bad("after the question's end", "is expired already", before=expired),
    Bad("after its end and with the clock set back", "is expired already", before=expired_and_set_back),
    Bad("with the clock set back before anybody looked", "is expired already", before=set_back_unseen),
    Bad("after it was withdrawn", "is withdrawn already", before=withdrawn),
    Bad("while its run is being cancelled", "answered or withdrawn at the same moment", before=cancelled),
    Bad("by the asker", "somebody else than ana", by="ana"),
    Bad("by the asker in capitals", "somebody else than ana", by="ANA"),
    Bad("by the asker with invisible letters", "somebody else than ana", by="a\u200bna"),
    Bad("by the asker's identity", "somebody else than ana", by="j-ana"),
    Bad("by the asker under a second name", "somebody else than ana", by="anna"),
    Bad("by the asker of a group", "somebody else than ana", GROUP, by="ana"),
    Bad("by somebody else than the asker", "nobody else can answer", CONFIRM),
    Bad("an outcome by somebody else", "nobody else can answer", CONFIRM, subject="outcome:1:1"),
    Bad("by somebody outside the group", "somebody in payments", GROUP),
    Bad("for a group that is empty", "somebody in empty", Demand(Level.APPROVE, "empty"), by="tom"),
    Bad("for a group that does not exist", "somebody in ghosts", Demand(Level.APPROVE, "ghosts"), by="tom"),
    Bad("by somebody unknown", "does not name", by="mallory"),
    Bad("by an unknown identity", "does not name", by="00000000-0000"),
    Bad("by an identity that two have", "does not name", by="a-1"),
    Bad("by nobody", "whose answer it is", by=""),
    Bad("by blanks", "whose answer it is", by=" \u200b\t"),
    Bad("for another digest", "another plan", more={"digest": "d2"}),
    Bad("for no digest at all", "another plan", more={"digest": ""}),
    Bad("for half a digest", "another plan", more={"digest": "d"}),
    Bad("by voice", "by way of voice", via="voice"),
    Bad("by a notification", "by way of desktop", via="desktop"),
    Bad("by a channel that does not exist", "by way of 'smoke'", via="smoke"),
    Bad("by no channel", "by way of ''", via=""),
    Bad("by a channel in capitals", "by way of 'WEB'", via="WEB"),
    Bad("without the reason that is demanded", "wants a reason", WHY),
    Bad("with a reason of blanks", "wants a reason", WHY, more={"because": " \u200b\n"}),
    Bad("with a vote twice", "has the yes of eve already", TWO, by="eve", before=eves_vote),
    Bad("with a vote twice by another channel", "has the yes of eve", TWO, by="eve", via="teams", before=eves_vote),
    Bad("with a second vote by a second name", "has the yes of evelyn", TWO, by="evelyn", before=eves_vote),
    Bad("with a second vote in capitals", "has the yes of eve", TWO, by="EVE", before=eves_vote),
]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(build: Callable[..., DevOS], database: str, clock: Clock) -> Iterator[DevOS]:
    return build(url=database, clock=clock, people=PEOPLE)


async def scene(house: DevOS, clock: Clock, demand: Demand, subject: str = "plan", asker: str = "ana") -> Scene:
    row = {"id": "run-1", "created": "2026", "request": {"person": asker}, "status": "running"}
    with house.engine.begin() as connection:
        connection.execute(runs_table.insert().values(**row))
    question = await house.approvals.ask("run-1", subject, "d1", demand, [{"step": 1}], "Because.")
    return Scene(house, clock, question)


def recorded(house: DevOS, kind: str) -> list[Any]:
    return house.log.entries(type=f"devos.approval.{kind}")


@pytest.mark.parametrize("bad", ANSWERS, ids=lambda bad: bad.name)
async def test_an_answer_that_must_not_count(house: DevOS, clock: Clock, bad: Bad) -> None:
    played = await scene(house, clock, bad.demand, bad.subject, bad.asker)
    if bad.before:
        await bad.before(played)
    counted, refused = len(recorded(house, "answered")), len(recorded(house, "refused"))
    for says_yes in (True, False) if bad.via not in ("voice", "desktop") and bad.demand is not TWO else (True,):
        before = house.approvals.of_run("run-1")
        with pytest.raises(CannotAnswer, match=bad.says):
            await played.said(bad.by, says_yes, bad.via, **bad.more)
        assert house.approvals.of_run("run-1") == before or before[0].status != "expired"
        refused += 1
        assert len(recorded(house, "refused")) == refused
        entry = recorded(house, "refused")[-1]
        assert entry.run == "run-1" and bad.says in entry.data["problem"]
        assert entry.data["approval"] == played.question.id
        assert entry.data["answer"] == ("yes" if says_yes else "no")
        assert entry.data.keys() >= {"by", "via", "digest"}
    assert len(recorded(house, "answered")) == counted
    if bad.before is None:
        assert house.approvals.open() == [played.question], "it stands as it stood"


@pytest.mark.parametrize("code", ["zzzzzz", "", "run-1", "' OR 1=1 --", "\ud83d\x00", "%", "k7m2x"])
async def test_an_answer_to_nothing_is_recorded_too(house: DevOS, clock: Clock, code: str) -> None:
    played = await scene(house, clock, APPROVE)
    with pytest.raises(CannotAnswer, match="There is no approval"):
        await house.approvals.answer(code, True, "bob", "web")
    (entry,) = recorded(house, "refused")
    assert (entry.run, entry.data["by"], entry.data["via"]) == (None, "bob", "web")
    assert house.approvals.open() == [played.question]


async def test_an_answer_without_a_known_asker_counts_for_nobody(house: DevOS) -> None:
    question = await house.approvals.ask("run-9", "plan", "d1", APPROVE, [{"step": 1}], "Because.")
    with pytest.raises(CannotAnswer, match="nobody knows who asked"):
        await house.approvals.answer(question.id, True, "bob", "web")


async def test_what_is_refused_by_another_way_is_recorded_the_same(house: DevOS, clock: Clock) -> None:
    played = await scene(house, clock, CONFIRM)
    with pytest.raises(CannotAnswer, match="no person there"):
        await house.approvals.refuse(played.question.id, True, "ana", "terminal", "no person there")
    (entry,) = recorded(house, "refused")
    assert entry.run == "run-1" and entry.data["problem"] == "no person there" and entry.data["digest"] == "d1"


@dataclass(frozen=True)
class Use:
    """One way of using an approval, given well, that must not count."""

    name: str
    after: Before
    says: str = ""
    """What is recorded, where it is void."""


async def idle(scene: Scene) -> None:
    scene.wait(minutes=10)


async def idle_and_set_back(scene: Scene) -> None:
    scene.wait(minutes=10)
    scene.house.approvals.open()
    scene.wait(minutes=-10)


async def set_back(scene: Scene) -> None:
    scene.wait(days=-1)


async def over(scene: Scene) -> None:
    for _ in range(12 * 60 // 9):
        scene.wait(minutes=9)
        await scene.house.approvals.use(scene.question)


async def left_the_group(scene: Scene) -> None:
    scene.people(People(PEOPLE.identities, {"payments": ("ana", "tom")}))


async def not_known_any_more(scene: Scene) -> None:
    people = {name: names for name, names in PEOPLE.identities.items() if name != "eve"}
    scene.people(People(people, PEOPLE.groups))


async def turns_out_to_be_the_asker(scene: Scene) -> None:
    scene.people(People({**PEOPLE.identities, "eve": {"entra": "a-1"}}, PEOPLE.groups))


async def ceiling_lowered(scene: Scene) -> None:
    scene.people(PEOPLE, web=Level.CONFIRM)


USES = [
    Use("idle", idle),
    Use("idle, then the clock set back", idle_and_set_back),
    Use("the clock set back", set_back),
    Use("after the question's end, however often used", over),
    Use("after it was withdrawn", withdrawn),
    Use("after its run was cancelled", cancelled),
    Use("who gave it left the group", left_the_group, "somebody in payments, and eve is not"),
    Use("who gave it is not known any more", not_known_any_more, "does not name"),
    Use("who gave it turns out to be the asker", turns_out_to_be_the_asker, "somebody else than ana"),
    Use("its channel may not grant it any more", ceiling_lowered, "by way of web"),
]


@pytest.mark.parametrize("bad", USES, ids=lambda bad: bad.name)
async def test_a_use_that_must_not_count(house: DevOS, clock: Clock, bad: Use) -> None:
    played = await scene(house, clock, TWO)
    await played.said("eve")
    approved = await played.said("tom")
    assert approved.status == "approved"
    await bad.after(played)
    assert not await house.approvals.use(approved)
    assert not await house.approvals.use(approved), "nor later"
    assert [each.data["by"] for each in recorded(house, "refused")] == (["eve"] if bad.says else [])
    if bad.says:
        assert bad.says in recorded(house, "refused")[0].data["problem"]
        assert house.approvals.of_run("run-1")[0].status == "withdrawn"
    if bad.after is cancelled:
        return  # nobody asks for it any more
    again = await house.approvals.ask("run-1", "plan", "d1", TWO, [{"step": 1}], "Because.")
    assert again.id != approved.id and (again.status, again.given) == ("open", ()), "it is asked again"


@pytest.mark.parametrize("other", [{"run": "run-2"}, {"digest": "d2"}, {"subject": "step:1"}, {"demand": GROUP}])
async def test_an_approval_is_none_of_anything_else(house: DevOS, clock: Clock, other: dict[str, Any]) -> None:
    played = await scene(house, clock, TWO)
    await played.said("eve")
    approved = await played.said("tom")
    asked = {"run": "run-1", "subject": "plan", "digest": "d1", "demand": TWO} | other
    found = await house.approvals.ask(*asked.values(), [{"step": 1}], "Because.", asker="ana")
    assert (found.status, found.given) == ("open", ()) and found.id != approved.id
