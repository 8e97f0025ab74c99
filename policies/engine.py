"""The policy: what the rules say about one action.

Rules are Cedar. A permit may carry `@approval("confirm" | "approve" | "change")`; without, it is automatic. The
strictest permit that matches decides; a forbid refuses; nothing matching refuses; and whatever cannot be evaluated
refuses, also where Cedar itself would go on: it skips a forbid that errs, and the answer could then be Allow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cedarpy
from cedarpy import pst

from policies.action import Action, Json, digest
from policies.decision import Decision, Facts, Level
from policies.problem import RuleError
from policies.reading import read
from policies.rule import Rule
from policies.schema import CHOICES, arguments_of

__all__ = ["SHIPPED", "RuleError", "Rules", "rule_files"]

SHIPPED = Path(__file__).parent / "rules"
"""The folder of the rules that come with DevOS."""

_SENTENCES: Mapping[Level, str] = {
    Level.AUTO: "Rule {rule} lets {action} happen by itself.",
    Level.CONFIRM: "Rule {rule} wants your confirmation of {action}.",
    Level.APPROVE: "Rule {rule} wants somebody else's approval of {action}.",
    Level.CHANGE: "Rule {rule} wants an approved change request for {action}.",
    Level.DENY: "Rule {rule} forbids {action}.",
}


def rule_files(home: Path) -> list[Path]:
    """The shipped rule files, then those in `home`/rules, each by name."""
    return [*sorted(SHIPPED.glob("*.cedar")), *sorted((home / "rules").glob("*.cedar"))]


class Rules:
    """A rule set, read and checked once."""

    def __init__(self, rules: Sequence[Rule], actions: Mapping[str, Action[..., Any]], ruleset: str) -> None:
        """Take rules that are already checked; `Rules.load` is the way to get them."""
        self.rules = tuple(rules)
        """Every rule, in the order in which equally strict ones go first."""
        self.ruleset = ruleset
        """SHA-256 over the files' names and texts, in hexadecimal."""
        self._actions = {name: (action.effect, arguments_of(action)) for name, action in actions.items()}
        nodes = {rule.id: rule.node for rule in rules}
        self._policies = cedarpy.PolicySet.from_pst(pst.PolicySet({}, nodes, ()))

    @classmethod
    def load(cls, files: Sequence[Path], actions: Mapping[str, Action[..., Any]]) -> Rules:
        """Read rule files and check every word in them.

        Args:
            files: the files, in the order in which equally strict rules go first.
            actions: every action there is, by full name; rules may name no others.

        Raises:
            RuleError: no rule, an unreadable file, wrong rules; each with its file, line and what may have been meant.
        """
        rules, texts = read(files, actions)
        return cls(rules, actions, digest(sorted(texts.items())))

    def decide(self, facts: Facts) -> Decision:
        """Say what one action needs before it may happen.

        Never raises over what is in the facts: whatever cannot be evaluated is a refusal that says why.
        """
        stranger = self._stranger(facts)
        if stranger is not None:
            return self._refusal("error", f"The rules do not know {stranger}.")
        try:
            diagnostics = self._ask(facts)
        except ValueError as error:  # text that is not Unicode, a number too long to be written
            return self._refusal("error", f"The rules could not be asked about {facts.action}: {error}.")
        if diagnostics.errors:
            return self._error(facts, diagnostics.errors)
        matching = self._by_strictness(diagnostics)
        if not matching:
            return self._refusal("no-match", f"No rule permits {facts.action} on {facts.target.id}.")
        rule = matching[0]
        because = (rule.because or _SENTENCES[rule.level]).format_map(_words(facts, rule))
        somebody_else = any(each.level is Level.APPROVE for each in matching)
        return Decision(rule.level, rule.id, rule.where, because, self.ruleset, somebody_else)

    def matched(self, facts: Facts) -> tuple[Rule, ...]:
        """The rules that match, the deciding one first; where a forbid matches, the forbids alone.

        Raises:
            ValueError: the facts hold something that cannot be put to the rules.
        """
        stranger = self._stranger(facts)
        if stranger is not None:
            raise ValueError(f"The rules do not know {stranger}.")
        return tuple(self._by_strictness(self._ask(facts)))

    def _by_strictness(self, diagnostics: cedarpy.Diagnostics) -> list[Rule]:
        matching = (rule for rule in self.rules if rule.id in diagnostics.reasons)
        return sorted(matching, key=lambda rule: -rule.level)  # stable: of equally strict ones, the first in the files

    def _stranger(self, facts: Facts) -> str | None:
        """What in the facts is outside the schema, which requests are not checked against."""
        if facts.action not in self._actions:
            return f"an action {facts.action!r}"
        if facts.effect != self._actions[facts.action][0]:
            return f"{facts.action} as a {facts.effect}"
        numbers = (facts.before, facts.after, facts.bound, *facts.args.values())
        if any(isinstance(number, int) and number.bit_length() > 63 for number in numbers):
            return "numbers that large"
        words = {"Environment": facts.target.environment, "Channel": facts.channel, "Tier": facts.tier}
        strange = (f"{kind} {word!r}" for kind, word in words.items() if word not in CHOICES[kind])
        return next(strange, None)

    def _ask(self, facts: Facts) -> cedarpy.Diagnostics:
        effect, arguments = self._actions[facts.action]
        system = facts.action.split(".")[0]
        action = {"type": "Action", "id": facts.action}
        thing = {"type": "Thing", "id": f"{system}/{facts.target.id}"}
        environment = _enumerated("Environment", facts.target.environment)
        seen = {name: argument for name, argument in arguments.items() if argument.fits(facts.args.get(name))}
        numbers = {"before": facts.before, "after": facts.after, "bound": facts.bound}
        request = {
            "principal": {"type": "Person", "id": facts.person},
            "action": action,
            "resource": thing,
            "context": {
                "args": {name: facts.args[name] for name in seen},
                "channel": _enumerated("Channel", facts.channel),
                "tier": _enumerated("Tier", facts.tier),
                "intent": facts.intent,
                **{name: number for name, number in numbers.items() if number is not None},
            },
        }
        entities: list[dict[str, Json]] = [
            {"uid": action, "attrs": {}, "parents": [{"type": "Action", "id": effect}]},
            {
                "uid": thing,
                "attrs": {"system": system, "id": facts.target.id, "environment": environment},
                "parents": [],
            },
        ]
        return cedarpy.is_authorized(request, self._policies, entities).diagnostics

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


def _enumerated(kind: str, value: str) -> Json:
    return {"__entity": {"type": kind, "id": value}}


def _words(facts: Facts, rule: Rule) -> dict[str, str]:
    """What the placeholders in a sentence stand for: those that a `@because` may name, and the rule's own id."""
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
    }
    numbers = {"before": facts.before, "after": facts.after, "bound": facts.bound}
    return words | {name: "an unknown number" if number is None else str(number) for name, number in numbers.items()}
