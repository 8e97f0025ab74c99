"""One policy decision, from facts to answer. Aims: p95 0.5 ms with the default rules, 2 ms with 500 rules."""

import itertools
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from _machine import line, percentile, rounds

from daemon.systems import known_actions
from policies.action import Target
from policies.decision import Decision, Facts
from policies.engine import Rules, rule_files
from policies.packs import pack_files
from policies.reload import LiveRules
from policies.schema import CHOICES, arguments_of

ACTIONS = known_actions()
GROUPS = {"reviewers": ["ada", "grace", "edsger"], "on-call": ["ada"]}
VALUES = {"String": "web-app", "Long": 4, "Bool": True}
LEVELS = ("", '@approval("confirm")', '@approval("approve") @group("reviewers")', '@approval("one-more")')


def main() -> None:
    count = rounds(5000)
    questions = list(every_question())
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        measure("default rules", lambda: Rules.load(rule_files(home), ACTIONS), questions, count, aim=0.5)
        measure("default rules, watched for edits", lambda: LiveRules(home, ACTIONS), questions, count, aim=0.5)
        (home / "many.cedar").write_text("\n".join(own_rules(500 - len(Rules.load(pack_files(), ACTIONS).rules))))
        files = [*pack_files(), home / "many.cedar"]
        measure("500 rules", lambda: Rules.load(files, ACTIONS, GROUPS), questions, count // 3 + 1, aim=2.0)


def every_question() -> Iterable[Facts]:
    """Every action there is, in every environment."""
    for (name, action), environment in itertools.product(ACTIONS.items(), CHOICES["Environment"]):
        yield Facts(
            action=name,
            effect=action.effect,
            args={each: VALUES.get(argument.type, []) for each, argument in arguments_of(action).items()},
            target=Target("production/web-app", environment),
            person="ada",
            channel="voice",
            intent="scale_deployment",
            tier="medium",
            before=4,
            after=10,
            bound=50,
            cost=120,
            outside=("deployment",),
            opened=("jira DEV-456 description",),
        )


def own_rules(count: int) -> Iterable[str]:
    """Rules whose heads all let in every change, so that each of them is looked at: the worst that can be written."""
    for n in range(count):
        yield (
            f'@id("own-{n}") {LEVELS[n % len(LEVELS)]}\n'
            'permit (principal, action in [Action::"change", Action::"destroy", Action::"read"], resource)\n'
            f'when {{ context has after && context.after > {n} && resource.id like "team-{n}/*" }};'
        )


def measure(
    name: str, load: Callable[[], Rules | LiveRules], questions: list[Facts], count: int, *, aim: float
) -> None:
    loading = time.perf_counter()
    rules = load()
    loaded = time.perf_counter() - loading
    for facts in questions:  # the first question about an action picks the rules that can be about it
        rules.decide(facts)
    times = [timed(rules.decide, facts) for facts in itertools.islice(itertools.cycle(questions), count)]
    held = rules if isinstance(rules, Rules) else rules.rules
    more = {"p50": round(percentile(times, 50), 4), "p99": round(percentile(times, 99), 4), "n": count}
    size = {"rules": len(held.rules), "actions": len(ACTIONS), "load_ms": round(loaded * 1000, 1)}
    line(f"policy decision, {name}, p95", percentile(times, 95), "ms", aim=aim, **more, **size)


def timed(decide: Callable[[Facts], Decision], facts: Facts) -> float:
    begin = time.perf_counter()
    decide(facts)
    return (time.perf_counter() - begin) * 1000


main()
