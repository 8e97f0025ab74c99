"""policy: are the rules right, what do they say, why, and what would other ones have said."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing, nullcontext
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.commands.audit_log import day_of
from daemon.commands.common import FAILED, WRONG, AsJson, fail, in_a_line, put
from daemon.home import home

if TYPE_CHECKING:
    from policies.cases import Outcome
    from policies.decision import Facts
    from policies.engine import Rules
    from policies.problem import RuleError
    from policies.replay import Replayed

group = typer.Typer(
    help="Check the rules, try them on cases, and ask them why.",
    epilog="Example: devos policy explain kubernetes.scale --arg replicas=30 --environment production",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Pack = Annotated[str | None, typer.Option(help="The rule pack to stand beside your own; by default the settings'.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="policy")


@group.command(epilog="Example: devos policy check rules/mine.cedar")
def check(
    files: Annotated[list[Path] | None, typer.Argument(help="Only these files, beside the pack.")] = None,
    pack: Pack = None,
    json: AsJson = False,
) -> None:
    """Check every word of the rules; exit code 2 when one is wrong."""
    from policies.engine import RuleError, Rules
    from policies.packs import pack_files, rule_files

    setting = _Setting(pack, json)
    try:
        beside = [*pack_files(setting.pack), *files] if files else rule_files(home(), setting.pack)
        rules = Rules.load(beside, setting.actions, setting.groups)
    except RuleError as wrong:
        _wrong(wrong, json)
    if json:
        put({"ok": True, "rules": len(rules.rules), "ruleset": rules.ruleset, "problems": []})
    else:
        print(f"{len(rules.rules)} rules are right. Pack {setting.pack}, rule set {rules.ruleset[:12]}.")


@group.command(epilog="Example: devos policy test")
def test(
    files: Annotated[list[Path] | None, typer.Argument(help="Only these case files, on all rules.")] = None,
    pack: Pack = None,
    json: AsJson = False,
) -> None:
    """Try the rules on their cases; exit code 1 when one fails.

    Rules that match in no case are named.
    """
    from policies.cases import try_case, unreached
    from policies.engine import RuleError, Rules
    from policies.packs import case_files, layers

    setting = _Setting(pack, json)
    try:
        rules = setting.rules()
        own = [try_case(case, rules) for case in setting.cases(files or case_files(home()))]
        packed: list[Outcome] = []
        for rule_files, cases in () if files else layers(setting.pack):
            alone = Rules.load(rule_files, setting.actions, setting.groups)
            packed += [try_case(case, alone) for case in setting.cases(cases)]
    except RuleError as wrong:
        _wrong(wrong, json)
    outcomes = [*packed, *own]
    lonely = unreached(rules, outcomes)
    failed = [outcome for outcome in outcomes if outcome.wrong]
    if json:
        put(
            {
                "ok": not failed,
                "cases": [_outcome_json(outcome) for outcome in outcomes],
                "unreached": [{"rule": rule.id, "where": rule.where} for rule in lonely],
            }
        )
    else:
        _show_outcomes(outcomes)
        for rule in lonely:
            print(f"not reached  {rule.where}  {rule.id} matches in no case")
        print(f"{len(outcomes) - len(failed)} of {len(outcomes)} cases hold; {len(lonely)} rules are reached by none.")
    raise typer.Exit(FAILED if failed else 0)


@group.command(epilog="Example: devos policy explain kubernetes.scale --arg replicas=30 --environment production")
def explain(
    action: Annotated[str, typer.Argument(help="The action's name; not needed with --run.")] = "",
    arg: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="An argument; may be repeated.")] = None,
    target: Annotated[str, typer.Option("--id", help="What it is done to; by default the first argument.")] = "",
    environment: Annotated[str, typer.Option(help="Where that is.")] = "unknown",
    person: Annotated[str, typer.Option(help="Who asks; by default you.")] = "",
    channel: Annotated[str, typer.Option(help="How it is asked: voice, file, typed, hotkey or web.")] = "typed",
    tier: Annotated[str, typer.Option(help="The request's tier.")] = "medium",
    before: Annotated[int | None, typer.Option(help="The number as it is.")] = None,
    after: Annotated[int | None, typer.Option(help="The number as it will be.")] = None,
    cost: Annotated[int | None, typer.Option(help="US dollars a month.")] = None,
    at: Annotated[str, typer.Option(help="When, in local time; by default now.")] = "",
    outside: Annotated[list[str] | None, typer.Option(help="An argument that others may have written.")] = None,
    run: Annotated[str, typer.Option(help="Explain a recorded decision: the run's id.")] = "",
    step: Annotated[int, typer.Option(min=1, help="And the step's number.")] = 1,
    pack: Pack = None,
    json: AsJson = False,
) -> None:
    """Say what the rules say about an action, and who could allow it."""
    from daemon.explaining import facts_asked, facts_recorded, lines
    from policies.engine import RuleError
    from policies.explain import explain as ask

    if bool(run) == bool(action):
        fail(
            "Name an action, or a run with --run and --step; `devos policy explain --help` has both.", WRONG, json=json
        )
    setting = _Setting(pack, json)
    try:
        rules = setting.rules()
    except RuleError as wrong:
        _wrong(wrong, json)
    facts: Facts
    source = ""
    try:
        if run:
            facts, source = facts_recorded(home() / "audit.db", run, step, setting.actions, setting.groups)
        else:
            person = person or setting.config.person.name
            said = {"before": before, "after": after, "cost": cost, "at": at, "tier": tier, "outside": outside or []}
            facts = facts_asked(
                setting.actions, action, arg or [], target, environment, person, channel, setting.groups, said
            )
    except ValueError as wrong:
        fail(str(wrong), WRONG, json=json)
    explanation = ask(rules, facts)
    if json:
        put(explanation.json() | ({"facts": source} if source else {}))
    else:
        print("\n".join(in_a_line(line) for line in lines(facts, explanation, source)))


@group.command(epilog="Example: devos policy replay --rules ~/new-rules --since 2026-11-01")
def replay(
    folder: Annotated[
        Path | None, typer.Option("--rules", help="A folder of .cedar files that stand in for your own rules.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DAY", help="Only decisions from this day on: 2026-11-20, today or yesterday.")
    ] = None,
    pack: Pack = None,
    json: AsJson = False,
) -> None:
    """Decide the recorded history again, and name what would change."""
    import sqlite3

    from policies.audit.event import Unreadable
    from policies.audit.reader import Reader
    from policies.audit.schema import NewerFile
    from policies.engine import RuleError
    from policies.history import decisions, entries_of
    from policies.replay import replay as again

    day = day_of(since, json)
    start = datetime.combine(day, time()).astimezone() if day else None
    if folder is not None and not folder.is_dir():
        fail(f"There is no folder {folder}.", WRONG, json=json)
    setting = _Setting(pack, json)
    try:
        rules = setting.rules(folder)
    except RuleError as wrong:
        _wrong(wrong, json)
    path = home() / "audit.db"
    if not path.exists():
        fail(f"There is no audit log in {home()} yet; it begins with the first `devos run`.", FAILED, json=json)
    try:
        with closing(Reader(path)) as log:
            newest = log.entries(limit=1, newest=True)
            with _bar(newest[0].seq if newest else 0, json) as advance:
                history = decisions(entries_of(log), setting.actions, setting.groups)
                found = again(history, rules, since=start, progress=advance)
    except (OSError, sqlite3.Error, Unreadable, NewerFile) as problem:
        fail(f"{path} cannot be read: {problem} `devos audit verify` names the first bad entry.", FAILED, json=json)
    put(_replay_json(found, rules)) if json else _show_replay(found)


class _Setting:
    """The settings as far as the rules need them."""

    def __init__(self, pack: str | None, json: bool) -> None:
        from daemon.config import BadConfig, load
        from daemon.systems import known_actions

        try:
            self.config = load(home())
        except BadConfig as wrong:
            fail(str(wrong), WRONG, json=json)
        self.actions = known_actions()
        self.groups: Mapping[str, list[str]] = self.config.groups
        self.pack = pack or self.config.rules.pack

    def rules(self, own: Path | None = None) -> Rules:
        """The pack's rules with one's own, or with those of a folder in their stead."""
        from policies.engine import Rules
        from policies.packs import rule_files

        return Rules.load(rule_files(home(), self.pack, own), self.actions, self.groups)

    def cases(self, files: list[Path]) -> Any:
        """The cases in some files."""
        from policies.cases import read_cases

        return read_cases(files, self.actions, self.groups)


def _wrong(wrong: RuleError, json: bool) -> Any:
    """Say what is wrong with rules or cases, each mistake drawn under its line."""
    if json:
        problems = [
            {"file": each.file, "line": each.line, "column": each.column, "length": each.length, "what": each.what}
            for each in wrong.problems
        ]
        put({"ok": False, "error": str(wrong), "problems": problems})
        raise typer.Exit(WRONG)
    fail("\n".join(each.drawn() for each in wrong.problems), WRONG, json=False)


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "where": outcome.case.where,
        "call": outcome.case.facts.action,
        "expected": outcome.case.level,
        "level": str(outcome.decision.level),
        "rule": outcome.decision.rule,
        "ok": not outcome.wrong,
        "wrong": list(outcome.wrong),
    }


def _show_outcomes(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        case, decision = outcome.case, outcome.decision
        what = f"{case.where:<24} {case.facts.action} on {case.facts.target.id}: {decision.level}, {decision.rule}"
        print(in_a_line(f"{'FAILED' if outcome.wrong else 'holds '} {what}"))
        for wrong in outcome.wrong:
            print(in_a_line(f"       {wrong}"))


def _bar(total: int, json: bool) -> Any:
    """A progress bar for people who watch, and nothing for everybody else; gives what takes the seq of each entry."""
    import sys

    if json or not sys.stderr.isatty():
        return nullcontext(lambda seq: None)
    from daemon.explaining import progress_bar

    return progress_bar(total)


def _replay_json(found: Replayed, rules: Rules) -> dict[str, Any]:
    return {
        "decisions": found.decisions,
        "same_rules": found.same_rules,
        "untold": found.untold,
        "ruleset": rules.ruleset,
        "differences": [each.json() for each in found.differences],
    }


def _show_replay(found: Replayed) -> None:
    for each in found.differences:
        day = f"{each.time.astimezone():%Y-%m-%d %H:%M}"
        change = f"{each.before} ({each.before_rule}) -> {each.now} ({each.now_rule} {each.now_where})"
        print(in_a_line(f"{each.seq:>7}  {day}  {each.run or '-':<16}  {each.action} on {each.target}: {change}"))
    stricter = sum(each.stricter for each in found.differences)
    looser = sum(each.looser for each in found.differences)
    others = len(found.differences) - stricter - looser
    made = "1 decision was" if found.decisions == 1 else f"{found.decisions} decisions were"
    counts = f"{stricter} stricter, {looser} looser, {others} by another rule alone"
    print(f"{made} made again: {len(found.differences)} would differ, {counts}.")
    if found.untold:
        whose = "its" if found.untold == 1 else "their"
        print(f"{found.untold} could not be: {whose} arguments were erased, or {whose} facts were not recorded yet.")
