"""policy: check, test, explain and replay, without a daemon."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from daemon.cli import app
from policies.action import Effect, Target
from policies.audit.checkpoint import Signer
from policies.audit.log import Entry, Log
from policies.decision import Facts
from policies.facts import facts_json

if TYPE_CHECKING:
    from tests.daemon.conftest import House

GROUPS = """\
[person]
name = "ada"

[people.ada]
[people.grace]
[people.edsger]

[groups]
reviewers = ["ada", "grace", "edsger"]
on-call = ["grace"]
"""
NO_SCALING = """\
@id("no-scaling")
@because("{id} stays as it is.")
forbid (principal, action == Action::"kubernetes.scale", resource);
"""
WRONG = """\
@id("no-scaling")
forbid (principal, action == Action::"kubernetes.scael", resource);
"""
SCALE = ("policy", "explain", "kubernetes.scale", "--arg", "replicas=10", "--arg", "deployment=web-app")


@pytest.fixture
def rules(empty: House) -> Callable[..., House]:
    """Write own rules, cases and settings."""

    def write(text: str = "", cases: str = "", settings: str = GROUPS) -> House:
        folder = empty.home / "rules"
        (folder / "cases").mkdir(parents=True, exist_ok=True)
        (folder / "mine.cedar").write_text(text)
        (folder / "cases" / "mine.yaml").write_text(cases)
        (empty.home / "config.toml").write_text(settings)
        return empty

    return write


def test_check_says_that_all_is_right(rules: Callable[..., House]) -> None:
    house = rules(NO_SCALING)
    found = house.devos("policy", "check")
    assert found.code == 0 and found.out.startswith("11 rules are right. Pack careful, rule set ")
    said = house.devos("policy", "check", "--json").json
    assert (said["ok"], said["rules"], said["problems"], len(said["ruleset"])) == (True, 11, [], 64)


def test_check_underlines_the_wrong_word(rules: Callable[..., House]) -> None:
    house = rules(WRONG)
    found = house.devos("policy", "check")
    assert (found.code, found.out) == (2, "")
    assert found.err.splitlines() == [
        "mine.cedar:2:39: there is no Action 'kubernetes.scael'; did you mean 'kubernetes.scale'?",
        '  forbid (principal, action == Action::"kubernetes.scael", resource);',
        "                                        ^^^^^^^^^^^^^^^^",
    ]
    said = house.devos("policy", "check", "--json")
    assert said.code == 2 and not said.err
    (problem,) = said.json["problems"]
    assert (problem["file"], problem["line"], problem["column"], problem["length"]) == ("mine.cedar", 2, 39, 16)


def test_check_of_a_file_leaves_ones_own_rules_out(rules: Callable[..., House], tmp_path: Path) -> None:
    house = rules(WRONG)
    other = tmp_path / "other.cedar"
    other.write_text(NO_SCALING)
    assert house.devos("policy", "check", str(other)).code == 0
    assert house.devos("policy", "check", str(tmp_path / "missing.cedar")).code == 2
    shutil.copy(house.home / "rules" / "mine.cedar", other)
    assert "other.cedar:2:39" in house.devos("policy", "check", str(other)).err


def test_a_wrong_pack_or_setting_is_named(rules: Callable[..., House]) -> None:
    house = rules(settings="[rules]\npack = 'carfull'\n")
    assert house.devos("policy", "check").code == 2
    house = rules(settings="")
    for word in ("check", "test", "replay"):
        found = house.devos("policy", word, "--pack", "carful")
        assert found.code == 2 and "there is no rule pack 'carful'; did you mean 'careful'?" in found.err


@pytest.mark.parametrize("pack", ["careful", "team", "read-only"])
def test_the_cases_of_every_pack_hold_and_reach_every_rule(rules: Callable[..., House], pack: str) -> None:
    house = rules()
    said = house.devos("policy", "test", "--pack", pack, "--json")
    assert said.code == 0
    assert said.json["ok"] and said.json["unreached"] == [] and len(said.json["cases"]) > 3


def test_own_cases_are_tried_on_all_rules_and_the_packs_on_the_pack(rules: Callable[..., House]) -> None:
    house = rules(NO_SCALING, "- {call: kubernetes.scale, id: web-app, level: deny, rule: no-scaling}\n")
    found = house.devos("policy", "test")
    assert found.code == 0
    assert "holds  mine.yaml:1" in found.out
    assert found.out.splitlines()[-1].endswith("cases hold; 0 rules are reached by none.")


def test_a_case_that_fails_is_told_and_so_are_rules_without_cases(rules: Callable[..., House]) -> None:
    house = rules(NO_SCALING, "- {call: jira.issue, level: deny}\n")
    found = house.devos("policy", "test")
    assert found.code == 1
    assert "FAILED mine.yaml:1" in found.out
    assert "expected deny, but it is auto, by reads (careful.cedar:" in found.out
    assert "not reached  mine.cedar:1  no-scaling matches in no case" in found.out
    said = house.devos("policy", "test", "--json")
    assert said.code == 1 and said.json["unreached"] == [{"rule": "no-scaling", "where": "mine.cedar:1"}]
    (failed,) = [case for case in said.json["cases"] if not case["ok"]]
    assert (failed["where"], failed["expected"], failed["level"]) == ("mine.yaml:1", "deny", "auto")


def test_named_case_files_are_tried_alone(rules: Callable[..., House], tmp_path: Path) -> None:
    house = rules(NO_SCALING)
    (tmp_path / "some.yaml").write_text("- {call: jira.issue, level: auto}\n")
    said = house.devos("policy", "test", str(tmp_path / "some.yaml"), "--json").json
    assert [case["where"] for case in said["cases"]] == ["some.yaml:1"]


def test_a_wrong_case_is_named_by_file_and_line(rules: Callable[..., House]) -> None:
    house = rules("", "- call: jira.issue\n  level: allways\n")
    found = house.devos("policy", "test")
    assert found.code == 2 and found.err.startswith("mine.yaml:2: there is no level 'allways'")


def test_explain_names_every_rule_and_who_could_allow_it(rules: Callable[..., House]) -> None:
    house = rules(settings=GROUPS + '\n[rules]\npack = "team"\n')
    found = house.devos(*SCALE, "--environment", "production", "--before", "4", "--after", "40", "--cost", "7")
    lines = found.out.splitlines()
    assert found.code == 0 and lines[0] == "kubernetes.scale on web-app (production): approve"
    assert "  who:     One of reviewers (edsger, grace)." in lines
    assert any(line.startswith("=> team-changes-in-production") and "team.cedar:" in line for line in lines)
    assert any(line.startswith(" + leaps") and "40 is more than three times the 4 before" in line for line in lines)
    assert any("needs context.cost > 100; context.cost is 7" in line for line in lines)


def test_explain_in_json_for_somebody_elses_request(rules: Callable[..., House]) -> None:
    text = '@id("on-call-only") forbid (principal, action, resource) unless { principal in Group::"on-call" };'
    house = rules(text)
    assert house.devos(*SCALE, "--json").json["rule"] == "on-call-only"
    said = house.devos(
        *SCALE, "--person", "grace", "--outside", "deployment", "--environment", "staging", "--json"
    ).json
    assert (said["level"], said["rule"], said["who"]) == ("confirm", "outside-text-selects", ["grace, who asks."])
    assert {each["rule"] for each in said["considered"]} >= {"on-call-only", "reads", "leaps"}


def test_explain_at_another_time_and_by_another_channel(rules: Callable[..., House]) -> None:
    house = rules('@id("friday") forbid (principal, action, resource) when { context.weekday == Weekday::"friday" };')
    assert house.devos(*SCALE, "--at", "2026-11-20T10:00", "--json").json["rule"] == "friday"
    assert house.devos(*SCALE, "--at", "2026-11-19 10:00", "--json").json["rule"] != "friday"
    unknown = house.devos(*SCALE, "--at", "2026-11-19", "--channel", "telegraph", "--json").json
    assert unknown["because"] == "The rules do not know Channel 'telegraph'."


def test_explain_by_wrong_rules_says_what_is_wrong(rules: Callable[..., House]) -> None:
    found = rules(WRONG).devos(*SCALE)
    assert found.code == 2 and "mine.cedar:2:39" in found.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Name an action, or a run with --run and --step"),
        (("jira.isue",), "There is no action 'jira.isue'; did you mean 'jira.issue'?"),
        (("jira.issue", "--arg", "kee=1"), "jira.issue has no argument 'kee'; did you mean 'key'?"),
        (("jira.issue", "--arg", "key"), "--arg is name=value, and 'key' is not."),
        (("kubernetes.scale", "--arg", "replicas=many"), "replicas is a whole number, and 'many' is none."),
        (("jira.issue", "--at", "soon"), "--at is a moment like 2026-12-24T17:30, local time, and 'soon' is none."),
        (("jira.issue", "--run", "run-1"), "Name an action, or a run"),
        (("--run", "run-1"), "audit.db cannot be read"),
    ],
)
def test_explain_of_what_there_is_not(rules: Callable[..., House], words: tuple[str, ...], said: str) -> None:
    found = rules().devos("policy", "explain", *words)
    assert found.code == 2 and said in found.err and not found.out


@pytest.fixture
def recorded(rules: Callable[..., House]) -> House:
    """A log with one decision that no rule had anything against, one refused by a person, and an old one."""
    house = rules(NO_SCALING)
    args = {"deployment": "web-app", "namespace": "staging", "replicas": 4}
    facts = Facts(
        "kubernetes.scale",
        Effect.CHANGE,
        args,
        Target("staging/web-app", "staging"),
        "ada",
        "typed",
        "scale_deployment",
        "medium",
        at=datetime(2026, 11, 20, 12, tzinfo=UTC),
    )
    decided: dict[str, Any] = {"level": "auto", "rule": "changes-outside-production", "ruleset": "", "plan": False}
    log = Log(
        house.home / "audit.db",
        Signer.load_or_create(house.home / "keys"),
        clock=lambda: datetime(2026, 11, 20, 12, tzinfo=UTC),
    )
    for kind, step, data, payload in (
        ("devos.action.intended", 1, decided | {"facts": facts_json(facts)}, {"args": args}),
        ("devos.action.done", 1, {"how": "performed", "plan": False}, None),
        ("devos.action.refused", 2, {"how": "refused", "plan": False}, {"refused": ["no", "leaps", "x:1"]}),
        ("devos.action.intended", 3, decided, {"args": args}),
    ):
        log.append_now(Entry(kind, "run-1", step, "kubernetes.scale", data, payload))
    log.close()
    return house


def test_explain_of_a_recorded_decision(recorded: House) -> None:
    said = recorded.devos("policy", "explain", "--run", "run-1", "--json").json
    assert (said["level"], said["rule"], said["where"]) == ("deny", "no-scaling", "mine.cedar:1")
    assert said["because"] == "staging/web-app stays as it is."
    found = recorded.devos("policy", "explain", "--run", "run-1", "--step", "3")
    assert found.code == 2 and "cannot be made again" in found.err
    found = recorded.devos("policy", "explain", "--run", "run-1", "--step", "9")
    assert found.code == 2 and "The log holds no decision of run 'run-1', step 9" in found.err


def test_replay_names_what_would_differ(recorded: House, tmp_path: Path) -> None:
    found = recorded.devos("policy", "replay")
    first, *rest = found.out.splitlines()
    assert found.code == 0 and "kubernetes.scale on staging/web-app: auto (changes-outside-production)" in first
    assert first.endswith("-> deny (no-scaling mine.cedar:1)")
    assert rest == [
        "1 decision was made again: 1 would differ, 1 stricter, 0 looser, 0 by another rule alone.",
        "1 could not be: its arguments were erased, or its facts were not recorded yet.",
    ]
    (tmp_path / "changed").mkdir()
    said = recorded.devos("policy", "replay", "--rules", str(tmp_path / "changed"), "--json").json
    assert (said["decisions"], said["untold"], said["differences"]) == (1, 1, [])
    said = recorded.devos("policy", "replay", "--json").json
    assert [each["now"]["rule"] for each in said["differences"]] == ["no-scaling"]


def test_replay_shows_a_bar_to_whoever_watches(recorded: House, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    watched = Terminal()
    with monkeypatch.context() as patch:
        patch.setenv("DEVOS_HOME", str(recorded.home))
        patch.setattr("sys.stderr", watched)
        typer.main.get_command(app)(["policy", "replay"], standalone_mode=False)
    assert "deciding again" in watched.getvalue()


def test_replay_from_a_day_on(recorded: House) -> None:
    assert recorded.devos("policy", "replay", "--since", "2026-11-20", "--json").json["decisions"] == 1
    assert recorded.devos("policy", "replay", "--since", "2026-11-21", "--json").json["decisions"] == 0
    assert recorded.devos("policy", "replay", "--since", "noon").code == 2


def test_replay_of_nothing_or_by_wrong_rules(recorded: House, tmp_path: Path) -> None:
    found = recorded.devos("policy", "replay", "--rules", str(tmp_path / "nowhere"))
    assert found.code == 2 and "There is no folder" in found.err
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / "mine.cedar").write_text(WRONG)
    found = recorded.devos("policy", "replay", "--rules", str(tmp_path / "wrong"))
    assert found.code == 2 and "mine.cedar:2:39" in found.err
    (recorded.home / "audit.db").write_bytes(b"no database at all" * 100)
    assert recorded.devos("policy", "replay").code == 1
    (recorded.home / "audit.db").unlink()
    found = recorded.devos("policy", "replay")
    assert found.code == 1 and "There is no audit log" in found.err


def test_a_rule_file_cannot_write_on_the_terminal(rules: Callable[..., House]) -> None:
    house = rules('@id("a")\npermit (principal, action, resource) when { "\x1b[2J\u202e" == resource.idd };')
    found = house.devos("policy", "check")
    assert found.code == 2 and "\x1b" not in found.err and "\u202e" not in found.err
