"""The policy: what the rules say about one action.

Rules are Cedar. A permit may carry `@approval("confirm" | "approve" | "change")`; without, it is automatic. The
strictest permit that matches decides, one with `@approval("one-more")` raises what the others ask for; a forbid
refuses; nothing matching refuses; and whatever cannot be evaluated refuses, also where Cedar itself would go on: it
skips a forbid that errs, and the answer could then be Allow.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cedarpy
from cedarpy import pst

from policies.action import Action, digest
from policies.decision import Decision, Facts, Level
from policies.packs import SHIPPED, rule_files
from policies.problem import RuleError
from policies.question import Question, Questions, Stranger, systems
from policies.reading import read
from policies.rule import Rule
from policies.schema import CHOICES
from policies.weighing import weigh

__all__ = ["SHIPPED", "RuleError", "Rules", "rule_files", "sentence"]

_SENTENCES: Mapping[Level, str] = {
    Level.AUTO: "Rule {rule} lets {action} happen by itself.",
    Level.CONFIRM: "Rule {rule} wants your confirmation of {action}.",
    Level.APPROVE: "Rule {rule} wants somebody else's approval of {action}.",
    Level.CHANGE: "Rule {rule} wants an approved change request for {action}.",
    Level.DENY: "Rule {rule} forbids {action}.",
}
_OF_A_GROUP = "Rule {rule} wants {action} approved by {votes} of {group}."
_ONE_MORE = "Rule {rule} asks for one level more than {action} needs otherwise."


class Rules:
    """A rule set, read and checked once."""

    def __init__(
        self,
        rules: Sequence[Rule],
        actions: Mapping[str, Action[..., Any]],
        groups: Mapping[str, Collection[str]],
        ruleset: str,
    ) -> None:
        """Take rules that are already checked; `Rules.load` is the way to get them."""
        self.rules = tuple(rules)
        """Every rule, in the order in which equally strict ones go first."""
        self.ruleset = ruleset
        """SHA-256 over the files' names and texts and the groups with their members, in hexadecimal."""
        self.actions, self.groups = actions, groups
        self._questions = Questions(actions, groups)
        self._narrowed: dict[str, cedarpy.PolicySet] = {}

    @classmethod
    def load(
        cls,
        files: Sequence[Path],
        actions: Mapping[str, Action[..., Any]],
        groups: Mapping[str, Collection[str]] | None = None,
    ) -> Rules:
        """Read rule files and check every word in them.

        Args:
            files: the files, in the order in which equally strict rules go first.
            actions: every action there is, by full name; rules may name no others.
            groups: the configured groups of people, each with its members; rules may name no others.

        Raises:
            RuleError: no rule, an unreadable file, wrong rules; each with its file, line and what may have been meant.
        """
        groups = groups or {}
        rules, texts = read(files, actions, groups)
        members = {name: sorted(of) for name, of in groups.items()}
        return cls(rules, actions, groups, digest([sorted(texts.items()), members]))

    def decide(self, facts: Facts) -> Decision:
        """Say what one action needs before it may happen.

        Never raises over what is in the facts: whatever cannot be evaluated is a refusal that says why.
        """
        try:
            diagnostics = self._ask(facts)
        except Stranger as unknown:
            return self._refusal("error", f"The rules do not know {unknown}.")
        except (ValueError, OverflowError) as error:  # text that is not Unicode, a number too long to be written
            return self._refusal("error", f"The rules could not be asked about {facts.action}: {error}.")
        if diagnostics.errors:
            return self._error(facts, diagnostics.errors)
        weighed = weigh(self._reached(diagnostics))
        if weighed is None:
            return self._refusal("no-match", f"No rule permits {facts.action} on {facts.target.id}.")
        rule = weighed.rule
        return Decision(weighed.level, rule.id, rule.where, sentence(rule, facts), self.ruleset, weighed.demands)

    def matched(self, facts: Facts) -> tuple[Rule, ...]:
        """The rules that match, the deciding one first, then by strictness; where a forbid matches, the forbids alone.

        Raises:
            ValueError: the facts hold something that cannot be put to the rules.
        """
        try:
            matching = self._reached(self._ask(facts))
        except Stranger as unknown:
            raise ValueError(f"The rules do not know {unknown}.") from unknown
        weighed = weigh(matching)
        deciding = weighed.rule if weighed else None
        return tuple(sorted(matching, key=lambda rule: (rule is not deciding, -rule.level)))

    def question(self, facts: Facts) -> Question:
        """The facts as Cedar is asked about them.

        Raises:
            ValueError, OverflowError: they hold something that cannot be put to the rules.
        """
        return self._questions.of(facts)

    def _ask(self, facts: Facts) -> cedarpy.Diagnostics:
        question = self._questions.of(facts)
        return cedarpy.is_authorized(question.request, self._about(facts), question.entities).diagnostics

    def _about(self, facts: Facts) -> cedarpy.PolicySet:
        """The rules whose head lets this action in, and need not be asked that again.

        The others cannot match it, nor err over it: Cedar looks at a condition only where the head matches.
        """
        if facts.action not in self._narrowed:
            letting_in = [rule for rule in self.rules if _lets_in(rule.node.action, facts)]
            nodes = {rule.id: replace(rule.node, action=pst.ScopeAny()) for rule in letting_in}
            self._narrowed[facts.action] = cedarpy.PolicySet.from_pst(pst.PolicySet({}, nodes, ()))
        return self._narrowed[facts.action]

    def _reached(self, diagnostics: cedarpy.Diagnostics) -> list[Rule]:
        reasons = frozenset(diagnostics.reasons)
        return [rule for rule in self.rules if rule.id in reasons]

    def _error(self, facts: Facts, errors: Sequence[str]) -> Decision:
        for rule in self.rules:
            prefix = f"error while evaluating policy `{rule.id}`: "
            for error in errors:
                if error.startswith(prefix):
                    reason = error.removeprefix(prefix)
                    said = f"Rule {rule.id} could not be evaluated for {facts.action}, so it is refused: {reason}."
                    return Decision(Level.DENY, "error", rule.where, said, self.ruleset)
        return self._refusal("error", f"The rules could not be asked about {facts.action}: {'; '.join(errors)}.")

    def _refusal(self, rule: str, because: str) -> Decision:
        return Decision(Level.DENY, rule, "", because, self.ruleset)


def _lets_in(head: pst.ActionConstraint, facts: Facts) -> bool:
    """Whether a rule's head lets an action in, which is in itself and in its effect."""
    match head:
        case pst.ActionEq(entity=one):
            return str(one) == f'Action::"{facts.action}"'
        case pst.ActionIn(entities=several):
            own = {f'Action::"{facts.action}"', f'Action::"{facts.effect}"'}
            return any(str(each) in own for each in several)
        case pst.ScopeAny():
            return True


def sentence(rule: Rule, facts: Facts) -> str:
    """Why a rule that matches says what it says, for a person: its own sentence, or a plain one, filled in."""
    plain = _ONE_MORE if rule.one_more else _OF_A_GROUP if rule.group else _SENTENCES[rule.level]
    return (rule.because or plain).format_map(_words(facts, rule))


def _words(facts: Facts, rule: Rule) -> dict[str, str]:
    """What the placeholders in a sentence stand for: those that a `@because` may name, and the rule's own id."""
    local = facts.at.astimezone()
    words = {
        "rule": rule.id,
        "action": facts.action,
        "system": facts.action.split(".")[0],
        "id": facts.target.id,
        "environment": facts.target.environment,
        "person": facts.person,
        "channel": facts.channel,
        "intent": facts.intent,
        "tier": facts.tier,
        "weekday": CHOICES["Weekday"][local.weekday()].capitalize(),
        "hour": str(local.hour),
        "date": local.date().isoformat(),
        "outside": ", ".join(facts.outside) or "nothing",
        "opened": ", ".join(systems(facts.opened)) or "nothing",
        "group": rule.group or "nobody",
        "votes": str(rule.votes),
    }
    numbers = {"before": facts.before, "after": facts.after, "bound": facts.bound, "cost": facts.cost}
    return words | {name: "an unknown number" if number is None else str(number) for name, number in numbers.items()}
