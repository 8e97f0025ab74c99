"""Rules as they stand in their files, and why one of them decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from daemon.systems import known_actions
from daemon.web.rules_view import NotAsked, asked, explained_page, facts_of, rules_page
from policies.engine import Rules, rule_files


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "mine.cedar").write_text(
        '@id("scaling-on-call")\n@approval("approve")\n@group("oncall")\n'
        'permit (principal, action == Action::"kubernetes.scale", resource);\n'
    )
    return tmp_path


@pytest.fixture
def rules(home: Path) -> Rules:
    return Rules.load(rule_files(home), known_actions(), {"oncall": ["bob"]})


def explained(rules: Rules, **filled: str) -> Any:
    question = asked(rules, **filled)
    return explained_page(question, rules, facts_of(question, rules, "ann"))


def test_files_with_their_rules(rules: Rules, home: Path) -> None:
    shown = rules_page(rules, "mine.cedar:1: wrong", home, asked(rules))
    assert [(each.name, each.own) for each in shown.files if each.own] == [("mine.cedar", True)]
    (own,) = next(each.rules for each in shown.files if each.own)
    assert (own.id, own.where, own.level) == ("scaling-on-call", "mine.cedar:1", "approve")
    assert own.text.startswith('@id("scaling-on-call")') and shown.problem == "mine.cedar:1: wrong"
    assert "kubernetes.scale" in shown.question.actions and shown.ruleset == rules.ruleset


def test_which_rule_decides_and_who_could_allow_it(rules: Rules) -> None:
    arguments = "deployment=web-app\nnamespace=production\nreplicas=10"
    shown = explained(rules, action="kubernetes.scale", target="production/web-app", arguments=arguments)
    assert (shown.level, shown.rule, shown.where) == ("approve", "scaling-on-call", "mine.cedar:1")
    assert "oncall (bob)" in shown.who
    verdicts = [each.verdict for each in shown.considered]
    assert verdicts[0] == "decides" and verdicts.count("decides") == 1 and len(verdicts) == len(rules.rules)
    matching = verdicts.index("does not match")
    assert "matches" in verdicts[:matching] and set(verdicts[matching:]) == {"does not match"}
    assert all(each.why for each in shown.considered)


def test_a_rule_that_cannot_be_evaluated(home: Path) -> None:
    (home / "rules" / "odd.cedar").write_text(
        '@id("odd")\nforbid (principal, action == Action::"kubernetes.scale", resource)\n'
        "when { context has after && context.after * 9223372036854775807 > 0 };\n"
    )
    rules = Rules.load(rule_files(home), known_actions(), {"oncall": ["bob"]})
    shown = explained(rules, action="kubernetes.scale", after="10", arguments="replicas=10")
    assert shown.level == "deny" and "error" in {each.verdict for each in shown.considered}


@pytest.mark.parametrize(
    ("filled", "why"),
    [
        ({"action": "kubernetes.fly"}, "There is no action 'kubernetes.fly'"),
        ({"action": "kubernetes.scale", "before": "five"}, "before has to be a whole number"),
        ({"action": "kubernetes.scale", "arguments": "colour=red"}, "colour"),
    ],
)
def test_what_cannot_be_asked(rules: Rules, filled: dict[str, str], why: str) -> None:
    with pytest.raises(NotAsked, match=why):
        facts_of(asked(rules, **filled), rules, "ann")
