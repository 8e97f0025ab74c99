"""Cases beside the rules: what may stand in one, and how it is compared."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from policies.action import Content, Effect, Target, action, actions_of
from policies.cases import read_cases, try_case, unreached
from policies.engine import Rules
from policies.problem import RuleError


class Kubernetes:
    @action(Effect.READ)
    async def deployment(self, name: str, namespace: str) -> None: ...

    @action(Effect.CHANGE, bound=50)
    async def scale(self, deployment: str, namespace: str, replicas: int, note: Content = "") -> None: ...


ACTIONS = actions_of(Kubernetes)
GROUPS = {"payments": ["ada", "grace", "edsger"]}
RULES = """\
@id("reads") permit (principal, action in Action::"read", resource);

@id("changes")
@approval("approve") @group("payments") @votes("2") @reason("required")
permit (principal, action in Action::"change", resource);

@id("no-checkout") forbid (principal, action, resource == Thing::"kubernetes/production/checkout");

@id("large") @approval("confirm")
permit (principal, action in Action::"change", resource) when { context has after && context.after > 100 };
"""


@pytest.fixture
def rules(tmp_path: Path) -> Rules:
    (tmp_path / "mine.cedar").write_text(RULES)
    return Rules.load([tmp_path / "mine.cedar"], ACTIONS, GROUPS)


def write(folder: Path, text: str) -> Path:
    file = folder / "mine.yaml"
    file.write_text(text)
    return file


def wrong(folder: Path, text: str) -> list[str]:
    with pytest.raises(RuleError) as error:
        read_cases([write(folder, text)], ACTIONS, GROUPS)
    return str(error.value).splitlines()


FULL = """\
# a comment
- call: kubernetes.scale
  args: {deployment: web-app, namespace: production, replicas: 10}
  id: production/web-app
  environment: production
  person: grace
  groups: [payments]
  channel: voice
  intent: scale_deployment
  tier: simple
  at: 2026-12-24 17:30
  before: 4
  after: 10
  bound: 20
  cost: 30
  outside: [deployment]
  opened: [jira DEV-1 summary]
  level: approve
  rule: changes
  not: [reads]
  group: payments
  votes: 2
  reason: true

- {call: kubernetes.deployment, level: allow}
"""


def test_a_case_holds_every_fact_and_what_must_be_said(tmp_path: Path, rules: Rules) -> None:
    full, short = read_cases([write(tmp_path, FULL)], ACTIONS, GROUPS)
    assert (full.where, short.where) == ("mine.yaml:2", "mine.yaml:25")
    facts = full.facts
    assert (facts.action, facts.effect) == ("kubernetes.scale", Effect.CHANGE)
    assert facts.args == {"deployment": "web-app", "namespace": "production", "replicas": 10}
    assert facts.target == Target("production/web-app", "production")
    assert (facts.person, facts.groups, facts.channel) == ("grace", {"payments"}, "voice")
    assert (facts.intent, facts.tier) == ("scale_deployment", "simple")
    assert facts.at == datetime(2026, 12, 24, 17, 30).astimezone()
    assert (facts.before, facts.after, facts.bound, facts.cost) == (4, 10, 20, 30)
    assert (facts.outside, facts.opened) == (("deployment",), ("jira DEV-1 summary",))
    assert short.facts.target == Target("", "none")
    assert f"{short.facts.at:%A %H}" == "Tuesday 12"
    assert [try_case(case, rules).wrong for case in (full, short)] == [(), ()]


def test_what_is_left_out_is_the_usual(tmp_path: Path) -> None:
    (case,) = read_cases(
        [write(tmp_path, "- {call: kubernetes.scale, args: {deployment: web-app}, level: deny}")], ACTIONS
    )
    assert (case.facts.target.id, case.facts.bound, case.facts.person) == ("web-app", 50, "ada")
    (case,) = read_cases([write(tmp_path, "- {call: kubernetes.scale, bound: null, level: deny}")], ACTIONS)
    assert case.facts.bound is None


SCALE = "- {call: kubernetes.scale, args: {replicas: 1}, id: production/web-app, "


@pytest.mark.parametrize(
    ("case", "differences"),
    [
        ("level: confirm}", ["expected confirm, but it is approve, by changes (mine.cedar:3): Rule changes wants"]),
        ("level: deny}", ["expected deny, but it is approve"]),
        ("level: allow}", []),
        ("level: approve, rule: reads}", ["expected reads to decide, but it is approve, by changes"]),
        (
            "level: approve, rule: raeds}",
            ["expected raeds to decide", "there is no rule 'raeds'; did you mean 'reads'"],
        ),
        ("level: approve, not: [larg]}", ["there is no rule 'larg'; did you mean 'large'"]),
        ("level: approve, after: 101, not: [large, reads]}", ["rule large matches, and must not"]),
        ("level: approve, group: leads}", ["nobody is asked that way (of leads"]),
        ("level: approve, votes: 1}", ["nobody is asked that way"]),
        ("level: approve, reason: false}", ["nobody is asked that way"]),
        ("level: approve, group: payments, votes: 2, reason: true}", []),
    ],
)
def test_says_what_differs(tmp_path: Path, rules: Rules, case: str, differences: list[str]) -> None:
    (read,) = read_cases([write(tmp_path, SCALE + case)], ACTIONS, GROUPS)
    found = try_case(read, rules).wrong
    assert len(found) == len(differences)
    assert all(said.startswith(start) for said, start in zip(found, differences, strict=True))


def test_a_refusal_that_no_rule_made_can_be_expected(tmp_path: Path, rules: Rules) -> None:
    cases = "- {call: kubernetes.scale, id: production/checkout, level: deny, rule: no-checkout}\n"
    outcomes = [try_case(case, rules) for case in read_cases([write(tmp_path, cases)], ACTIONS)]
    assert outcomes[0].wrong == ()
    reads = tmp_path / "reads.cedar"
    reads.write_text('@id("reads") permit (principal, action in Action::"read", resource);')
    case = "- {call: kubernetes.scale, level: deny, rule: no-match}"
    (nothing,) = read_cases([write(tmp_path, case)], ACTIONS)
    assert try_case(nothing, Rules.load([reads], ACTIONS)).wrong == ()


def test_a_case_that_the_rules_cannot_even_be_asked_about_is_refused(tmp_path: Path, rules: Rules) -> None:
    text = f"- {{call: kubernetes.scale, at: 2026-12-24, after: {2**70}, level: deny, rule: error}}"
    (case,) = read_cases([write(tmp_path, text)], ACTIONS)
    assert case.facts.at == datetime(2026, 12, 24).astimezone()
    outcome = try_case(case, rules)
    assert (outcome.wrong, outcome.matched) == ((), ())


def test_names_the_rules_that_no_case_reaches(tmp_path: Path, rules: Rules) -> None:
    cases = read_cases([write(tmp_path, SCALE + "level: approve}")], ACTIONS, GROUPS)
    left = unreached(rules, [try_case(case, rules) for case in cases])
    assert [rule.id for rule in left] == ["reads", "no-checkout", "large"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- level: deny", "mine.yaml:1: a case needs `call`; it can be 'kubernetes.deployment', 'kubernetes.scale'."),
        ("- call: kubernetes.scale", "mine.yaml:1: a case needs `level`; it can be"),
        ("\n- call: kubernetes.scael\n  level: deny", "mine.yaml:2: there is no call 'kubernetes.scael'; did you mean"),
        ("- call: kubernetes.scale\n  level: alow", "mine.yaml:2: there is no level 'alow'; did you mean 'allow'?"),
        (
            "- call: kubernetes.scale\n  level: deny\n  enviroment: staging",
            "mine.yaml:3: there is no 'enviroment' in a case; did you mean 'environment'?",
        ),
        (
            "- call: kubernetes.scale\n  level: deny\n  environment: prod",
            "mine.yaml:3: there is no environment 'prod'",
        ),
        ("- {call: kubernetes.scale, level: deny, channel: phone}", "mine.yaml:1: there is no channel 'phone'"),
        (
            "- call: kubernetes.scale\n  args: {replcas: 3}\n  level: deny",
            "mine.yaml:2: kubernetes.scale has no argument 'replcas'; did you mean 'replicas'?",
        ),
        (
            "- call: kubernetes.scale\n  args: {replicas: many}\n  level: deny",
            "mine.yaml:2: replicas is a Long, and 'many' is none.",
        ),
        ("- {call: kubernetes.scale, args: [1], level: deny}", "mine.yaml:1: args is a mapping: {name: value}"),
        ("- {call: kubernetes.scale, after: ten, level: deny}", "mine.yaml:1: after is a whole number, and 'ten'"),
        ("- {call: kubernetes.scale, after: true, level: deny}", "mine.yaml:1: after is a whole number, and True"),
        ("- {call: kubernetes.scale, not: leaps, level: deny}", "mine.yaml:1: not is a list of texts"),
        ("- {call: kubernetes.scale, id: 3, level: deny}", "mine.yaml:1: id is a text, and 3 is none; put it in"),
        ("- {call: kubernetes.scale, at: soon, level: deny}", "mine.yaml:1: at is a moment like 2026-12-24 17:30"),
        ("- {call: kubernetes.scale, groups: [paymets], level: deny}", "mine.yaml:1: there is no group 'paymets'"),
        ("- call: kubernetes.scale\n  level: deny\n  level: allow", "mine.yaml:3: 'level' stands here twice"),
        ("- just words", "mine.yaml:1: a case is a mapping"),
        ("call: kubernetes.scale", "mine.yaml: cannot be read: a case file is a list"),
        ("- call: [", "mine.yaml:1: is no YAML: "),
        ("- &a {call: kubernetes.scale, level: deny}\n- *a", "mine.yaml: cannot be read: a case is written out"),
        ("- !!python/object/apply:os.system [true]", "mine.yaml:1: a case is a mapping"),
        ("- {call: !!python/name:os.system '', level: deny}", "mine.yaml:1: is no YAML: could not determine a constr"),
        ("[" * 3000 + "]" * 3000, "mine.yaml: cannot be read: it nests more than 16 deep."),
        ("\x00", "mine.yaml: cannot be read: "),
    ],
)
def test_a_wrong_case_is_named_by_its_line(tmp_path: Path, text: str, message: str) -> None:
    assert wrong(tmp_path, text)[0].startswith(message)


def test_a_file_without_cases_is_fine_and_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    assert read_cases([write(tmp_path, "# none yet\n")], ACTIONS) == []
    text = "- {call: kubernetes.scale, level: never}\n- {call: kubernetes.scale, tier: x, level: deny}\n- 3\n"
    assert [line.split(": ")[0] for line in wrong(tmp_path, text)] == [f"mine.yaml:{n}" for n in (1, 2, 3)]


def test_a_case_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link.yaml").symlink_to(write(tmp_path, "[]"))
    with pytest.raises(RuleError, match=r"link\.yaml: cannot be read: it is a link"):
        read_cases([tmp_path / "link.yaml"], ACTIONS)
