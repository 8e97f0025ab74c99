"""What matching rules come to together: how strict, who says so, whose yes."""

from __future__ import annotations

import pytest

from policies.decision import Demand, Level
from policies.rule import Rule, parse
from policies.statement import statements
from policies.weighing import weigh

CONFIRM = Demand(Level.CONFIRM)
SECOND = "mine.cedar:2"
FORMS = {
    "auto": "permit",
    "confirm": '@approval("confirm") permit',
    "reasoned": '@approval("confirm") @reason("required") permit',
    "anybody": '@approval("approve") permit',
    "two": '@approval("approve") @votes("2") permit',
    "payments": '@approval("approve") @group("payments") permit',
    "payments-3": '@approval("approve") @group("payments") @votes("3") permit',
    "payments-why": '@approval("approve") @group("payments") @reason("required") permit',
    "leads": '@approval("approve") @group("leads") permit',
    "change": '@approval("change") permit',
    "more": '@approval("one-more") permit',
    "forbid": "forbid",
}


def rules(*names: str) -> list[Rule]:
    text = "".join(f'@id("{name}") {FORMS[name]} (principal, action, resource);\n' for name in names)
    return [parse(statement) for statement in statements("mine.cedar", text)]


def approve(
    group: str | None = None, votes: int = 1, reason: bool = False, rule: str = "", where: str = "mine.cedar:1"
) -> Demand:
    return Demand(Level.APPROVE, group, votes, reason, rule, where)


def own(rule: str, where: str) -> Demand:
    """The asker's own yes, with a reason that this rule wants."""
    return Demand(Level.CONFIRM, reason=True, rule=rule, where=where)


@pytest.mark.parametrize(
    ("names", "level", "rule", "demands"),
    [
        (["auto"], Level.AUTO, "auto", ()),
        (["confirm"], Level.CONFIRM, "confirm", (CONFIRM,)),
        (["confirm", "reasoned"], Level.CONFIRM, "confirm", (own(rule="reasoned", where="mine.cedar:2"),)),
        (["anybody"], Level.APPROVE, "anybody", (approve(rule="anybody"),)),
        (["two"], Level.APPROVE, "two", (approve(votes=2, rule="two"),)),
        (["payments", "confirm"], Level.APPROVE, "payments", (approve("payments", rule="payments"),)),
        (["change"], Level.CHANGE, "change", (CONFIRM,)),
        (["forbid", "change"], Level.DENY, "forbid", ()),
        (["change", "more", "forbid"], Level.DENY, "forbid", ()),
        # The same group is asked once, for the most that any rule wants of it; different groups are all asked.
        (
            ["payments", "payments-3"],
            Level.APPROVE,
            "payments",
            (approve("payments", 3, rule="payments-3", where=SECOND),),
        ),
        (
            ["payments-3", "payments-why"],
            Level.APPROVE,
            "payments-3",
            (approve("payments", 3, True, rule="payments-3, payments-why", where="mine.cedar:1, mine.cedar:2"),),
        ),
        # Named is the rule that demands it, and not the one that came first.
        (
            ["payments", "payments-why"],
            Level.APPROVE,
            "payments",
            (approve("payments", 1, True, "payments-why", SECOND),),
        ),
        (
            ["leads", "payments"],
            Level.APPROVE,
            "leads",
            (approve("leads", rule="leads"), approve("payments", rule="payments", where="mine.cedar:2")),
        ),
        (
            ["anybody", "leads"],
            Level.APPROVE,
            "anybody",
            (approve(rule="anybody"), approve("leads", rule="leads", where="mine.cedar:2")),
        ),
        # At change the asker confirms first, then whoever else is named.
        (
            ["leads", "change", "reasoned"],
            Level.CHANGE,
            "change",
            (own(rule="reasoned", where="mine.cedar:3"), approve("leads", rule="leads")),
        ),
        # A reason that is demanded of the asker is not lost where somebody else answers in the asker's stead.
        (
            ["leads", "reasoned"],
            Level.APPROVE,
            "leads",
            (approve("leads", 1, True, "leads, reasoned", "mine.cedar:1, mine.cedar:2"),),
        ),
        # One more.
        (["auto", "more"], Level.CONFIRM, "more", (CONFIRM,)),
        (["more", "confirm"], Level.APPROVE, "more", (approve(rule="more"),)),
        (
            ["reasoned", "more"],
            Level.APPROVE,
            "more",
            (approve(None, 1, True, "more, reasoned", "mine.cedar:2, mine.cedar:1"),),
        ),
        (["leads", "more"], Level.CHANGE, "more", (CONFIRM, approve("leads", rule="leads"))),
        (["change", "more"], Level.CHANGE, "change", (CONFIRM,)),
    ],
)
def test_weighs(names: list[str], level: Level, rule: str, demands: tuple[Demand, ...]) -> None:
    weighed = weigh(rules(*names))
    assert weighed is not None
    assert (weighed.level, weighed.rule.id, weighed.demands) == (level, rule, demands)


def test_several_that_raise_raise_once() -> None:
    one, other = rules("more"), rules("more")
    weighed = weigh([*rules("auto"), *one, *other])
    assert weighed is not None
    assert (weighed.level, weighed.rule) == (Level.CONFIRM, one[0])


@pytest.mark.parametrize("names", [[], ["more"]])
def test_what_only_raises_permits_nothing(names: list[str]) -> None:
    assert weigh(rules(*names)) is None
