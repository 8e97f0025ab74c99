"""A question as it is read out: one sentence made of what is to be changed, never of what somebody else wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from policies.approval import Approval
from policies.visible import visible

MOST_CHANGES, MOST_WORDS = 3, 60
"""What a person keeps in mind who hears it once."""
ORDINARY = frozenset(("staging", "development", "none"))
"""Environments where nothing can be lost that matters: "none" is a ticket or a dashboard. An unknown one is none of
these."""


def unreadable(approval: Approval) -> str:
    """Why a question cannot be read out, in a sentence for the person; empty when it can."""
    plan = approval.plan
    if approval.level != "confirm":
        return "It is not a question that you confirm; it waits in the inbox."
    if approval.must_say_why:
        return "It wants a reason with the answer; answer it on the dashboard."
    if approval.opened or any(change.get("quoted") or change.get("outside") for change in plan):
        return "It holds words that somebody else wrote; look at it on the dashboard."
    if not plan:
        return "There is nothing to read out; look at it on the dashboard."
    said = read_back(approval)
    if len(plan) > MOST_CHANGES or len(said.split()) > MOST_WORDS:
        return "It is too long to read out; look at it on the dashboard."
    if visible(said, lines=False) != said:
        return "It holds characters that cannot be read out; look at it on the dashboard."
    return ""


def read_back(approval: Approval) -> str:
    """What is to be done: "Scale web-app in production from 3 to 10."."""
    said = ", then ".join(_uncapitalised(_change(change), first=at == 0) for at, change in enumerate(approval.plan))
    costs = [int(change["cost"]) for change in approval.plan if change.get("cost") is not None]
    return f"{said}. It costs about {sum(costs)} dollars a month." if costs else f"{said}."


def details(approval: Approval) -> str:
    """Everything else there is to know: who asked, arguments, how to take it back, and the rule that asks."""
    asked = [f"A program asked for it: {_listed(approval.asked_from)}."] if approval.asked_from else []
    return visible(" ".join([*asked, *(_details(change) for change in approval.plan)]), lines=False)


def is_ordinary(approval: Approval) -> bool:
    """Whether a plain yes is enough: a person asked, by a voice or a key, for nothing that could be in production.

    What a program asked for, nobody may have meant. Each change must be known to be somewhere else than in production,
    and one of them somewhere at all.
    """
    places = {str(change["environment"]) for change in approval.plan}
    return not approval.asked_from and places <= ORDINARY and places != {"none"}


def _change(change: Mapping[str, Any]) -> str:
    before, after = change.get("before"), change.get("after")
    place, _, name = str(change["target"]).rpartition("/")
    environment = str(change["environment"])
    if after is not None and place:
        where = place if place == environment else f"{place}, which is {_in_words(environment)},"
        way = f"from {before} to {after}" if before is not None else f"to {after}"
        return f"{_verb(change)} {name} in {where} {way}"
    summary = str(change["summary"]).strip().rstrip(".")
    told = environment == "none" or environment.casefold() in summary.casefold()
    return summary if told else f"{summary}, in {_in_words(environment)}"


def _verb(change: Mapping[str, Any]) -> str:
    return str(change["action"]).rpartition(".")[2].replace("_", " ").capitalize()


def _in_words(environment: str) -> str:
    return "an unknown environment" if environment == "unknown" else environment


def _details(change: Mapping[str, Any]) -> str:
    system, _, action = str(change["action"]).partition(".")
    args = _listed([f"{name.replace('_', ' ')} {value}" for name, value in change["args"].items()])
    undo = change.get("undo")
    back = f"To take it back: {undo}." if undo else "It cannot be taken back."
    because = str(change.get("because") or "").rstrip(".")
    asks = f"The rule {change['rule'].replace('-', ' ')} asks{f', because {because}' if because else ''}."
    called = f"{action.replace('_', ' ')} in {system}"
    return f"It calls {called} with {args or 'nothing else'}. {back} {asks}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _uncapitalised(text: str, *, first: bool) -> str:
    return text if first else text[:1].lower() + text[1:]
