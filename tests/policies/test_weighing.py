"""What matching rules come to together: how strict, who says so, whose yes."""

from __future__ import annotations

import pytest

from policies.decision import Demand, Level
from policies.rule import Rule, parse
from policies.statement import statements
from policies.weighing import weigh

CONFIRM = Demand(Level.CONFIRM)
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


@pytest.mark.parametrize(
    ("names", "level", "rule", "demands"),
    [
        (["auto"], Level.AUTO, "auto", ()),
        (["confirm"], Level.CONFIRM, "confirm", (CONFIRM,)),
        (["confirm", "reasoned"], Level.CONFIRM, "confirm", (Demand(Level.CONFIRM, reason=True),)),
        (["anybody"], Level.APPROVE, "anybody", (approve(rule="anybody"),)),
        (["two"], Level.APPROVE, "two", (approve(votes=2, rule="two"),)),
        (["payments", "confirm"], Level.APPROVE, "payments", (approve("payments", rule="payments"),)),
        (["change"], Level.CHANGE, "change", (CONFIRM,)),
        (["forbid", "change"], Level.DENY, "forbid", ()),
        (["change", "more", "forbid"], Level.DENY, "forbid", ()),
        # The same group is asked once, for the most that any rule wants of it; different groups are all asked.
        (["payments", "payments-3"], Level.APPROVE, "payments", (approve("payments", 3, rule="payments"),)),
        (
            ["payments-3", "payments-why"],
            Level.APPROVE,
            "payments-3",
            (approve("payments", 3, True, rule="payments-3"),),
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
            (Demand(Level.CONFIRM, reason=True), approve("leads", rule="leads")),
        ),
        # A reason that is demanded of the asker is not lost where somebody else answers in the asker's stead.
        (["leads", "reasoned"], Level.APPROVE, "leads", (approve("leads", reason=True, rule="leads"),)),
        # One more.
        (["auto", "more"], Level.CONFIRM, "more", (CONFIRM,)),
        (["more", "confirm"], Level.APPROVE, "more", (approve(rule="more"),)),
        (["reasoned", "more"], Level.APPROVE, "more", (approve(reason=True, rule="more", where="mine.cedar:2"),)),
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
