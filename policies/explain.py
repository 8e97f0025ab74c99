"""Why a decision is what it is: every rule considered, what keeps the others from matching, who could allow it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import cedarpy

from policies.action import Json
from policies.decision import Decision, Demand, Facts, Level
from policies.engine import Rules, sentence
from policies.question import Question
from policies.rule import Rule
from policies.statement import Token

_OPENING, _CLOSING = ("(", "[", "{"), (")", "]", "}")
_PATH = re.compile(r"\b(?:context\.args|context|resource)\.\w+\b")


@dataclass(frozen=True)
class Considered:
    """One rule, looked at for one action."""

    rule: Rule
    matched: bool
    decides: bool
    why: str
    """What it says where it matches, what it would need where it does not."""

    def json(self) -> dict[str, Json]:
        """The same as JSON."""
        level = "one-more" if self.rule.one_more else str(self.rule.level)
        return {
            "rule": self.rule.id,
            "where": self.rule.where,
            "level": level,
            "matched": self.matched,
            "decides": self.decides,
            "why": self.why,
        }


@dataclass(frozen=True)
class Explanation:
    """A decision with everything that led to it."""

    decision: Decision
    considered: tuple[Considered, ...]
    """Every rule, in the order in which equally strict ones go first."""
    who: tuple[str, ...]
    """Who has to agree before it happens, or why nobody can, a sentence each."""

    def json(self) -> dict[str, Json]:
        """The same as JSON."""
        decision = self.decision
        return {
            "level": str(decision.level),
            "rule": decision.rule,
            "where": decision.where,
            "because": decision.because,
            "ruleset": decision.ruleset,
            "who": list(self.who),
            "considered": [each.json() for each in self.considered],
        }


def explain(rules: Rules, facts: Facts) -> Explanation:
    """Explain what the rules say about an action."""
    decision = rules.decide(facts)
    who = tuple(who_could_allow(decision, facts, rules.groups))
    try:
        question = rules.question(facts)
    except (ValueError, OverflowError):  # the decision says what is unknown; no rule was asked
        return Explanation(decision, (), who)
    seen = _seen(question)
    considered = []
    for rule in rules.rules:
        why_not = _why_not(rule, question, seen)
        why = why_not if why_not is not None else sentence(rule, facts)
        considered.append(Considered(rule, why_not is None, rule.id == decision.rule, why))
    return Explanation(decision, tuple(considered), who)


def who_could_allow(decision: Decision, facts: Facts, groups: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Say whose yes a decision takes, or why nobody's would do."""
    if decision.level is Level.DENY:
        if decision.rule == "no-match":
            yield "Nobody, as long as no rule permits it."
        elif decision.rule == "error":
            yield "Nobody: what cannot be evaluated is refused."
        else:
            yield f"Nobody: {decision.rule} at {decision.where} forbids it whoever agrees; only the rule could change."
    if decision.level is Level.AUTO:
        yield "Nobody has to agree."
    for demand in decision.demands:
        yield _asked(demand, facts.person, groups)
    if decision.level is Level.CHANGE:
        yield "The change request that the call names, once ServiceNow has approved it."


def _asked(demand: Demand, person: str, groups: Mapping[str, Collection[str]]) -> str:
    saying = ", saying why" if demand.reason else ""
    if demand.level is Level.CONFIRM:
        return f"{person}, who asks{saying}."
    count = "One" if demand.votes == 1 else str(demand.votes)
    if demand.group is None:
        return f"{count} other than {person}{saying}."
    others = sorted(set(groups.get(demand.group, ())) - {person})
    few = "" if len(others) >= demand.votes else f"; that is not enough, as {person} cannot approve what {person} asks"
    return f"{count} of {demand.group} ({', '.join(others) or 'nobody'}){saying}{few}."


def _why_not(rule: Rule, question: Question, seen: Mapping[str, str]) -> str | None:
    """The first part of a rule that does not hold; None where all of them do."""
    for condition, text, wanted in _parts(rule):
        answer = cedarpy.is_authorized(question.request, text, question.entities)
        if answer.diagnostics.errors:
            reason = answer.diagnostics.errors[0].rpartition("`: ")[2]
            return f"could not be evaluated: {condition} ({reason})"
        if answer.allowed is not wanted:
            paths = dict.fromkeys(_PATH.findall(condition))
            values = [f"{path} is {seen.get(path, 'missing')}" for path in paths]
            said = [seen["principal"]] if condition.startswith("principal") else values
            return f"needs {'' if wanted else 'not '}{'; '.join([condition, *said])}"
    return None


def _parts(rule: Rule) -> Iterator[tuple[str, str, bool]]:
    """The parts that all have to hold: each as it is written, as a rule of its own, and what that rule has to say."""
    text, tokens = rule.statement.text, rule.statement.tokens
    at = next(
        index for index, token in enumerate(tokens) if token.text in ("permit", "forbid") and _starts(tokens, index)
    )
    end = _closing(tokens, at + 1)
    names = ("principal", "action", "resource")
    for part in _split(tokens[at + 2 : end], ","):
        written = _written(text, part)
        head = ", ".join(written if part[0].text == name else name for name in names)
        yield written, f"permit ({head});", True
    at = end + 1
    while tokens[at].text in ("when", "unless"):
        end = _closing(tokens, at + 1)
        inner, wanted = tokens[at + 2 : end], tokens[at].text == "when"
        for part in _split(inner, "&&") if wanted and _is_all_and(inner) else [inner]:
            written = _written(text, part)
            yield written, f"permit (principal, action, resource) when {{ {written} }};", wanted
        at = end + 1


def _starts(tokens: Sequence[Token], index: int) -> bool:
    """Whether the word there is the rule's effect, and no annotation's name."""
    return index == 0 or tokens[index - 1].text != "@"


def _closing(tokens: Sequence[Token], opening: int) -> int:
    """Where the bracket that opens there is closed; in a rule that was read, every one is."""
    index, depth = opening, 1
    while depth:
        index += 1
        depth += (tokens[index].text in _OPENING) - (tokens[index].text in _CLOSING)
    return index


def _split(tokens: Sequence[Token], sign: str) -> list[Sequence[Token]]:
    """The tokens between the signs that stand in no bracket."""
    parts: list[Sequence[Token]] = []
    depth = begin = 0
    for index, token in enumerate(tokens):
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
        if depth == 0 and token.text == sign:
            parts.append(tokens[begin:index])
            begin = index + 1
    return [part for part in (*parts, tokens[begin:]) if part]


def _is_all_and(tokens: Sequence[Token]) -> bool:
    """Whether the parts between `&&` hold each for itself: neither `||` nor `if` stands beside them."""
    return len(_split(tokens, "||")) == 1 and len(_split(tokens, "if")) == 1 and tokens[0].text != "if"


def _written(text: str, tokens: Sequence[Token]) -> str:
    begin = tokens[0].end - len(tokens[0].text)
    return " ".join(text[begin : tokens[-1].end].split())


def _seen(question: Question) -> dict[str, str]:
    """What the rules were shown, by the path that they write."""
    person, context = question.request["principal"]["id"], question.request["context"]
    attributes = question.entities[-1]["attrs"]
    groups = [parent["id"] for parent in question.entities[0]["parents"]]
    return {
        **{f"resource.{name}": _plain(value) for name, value in attributes.items()},
        **{f"context.{name}": _plain(value) for name, value in context.items() if name != "args"},
        **{f"context.args.{name}": _plain(value) for name, value in context["args"].items()},
        "principal": f"{person} is in {', '.join(groups) or 'no group'}",
    }


def _plain(value: Json) -> str:
    if isinstance(value, dict):
        return str(value["__entity"]["id"])
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)
