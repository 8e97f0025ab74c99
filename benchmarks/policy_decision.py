"""One policy decision over every action there is and the shipped rules, from facts to answer. Aim: p95 0.5 ms."""

import itertools
import time
from pathlib import Path

from _machine import line, percentile, rounds

from integrations.cdk import Cdk
from integrations.jira import Jira
from integrations.kubernetes import Kubernetes
from integrations.newrelic import NewRelic
from integrations.rancher import Rancher
from integrations.servicenow import ServiceNow
from policies.action import Target, actions_of
from policies.decision import Facts
from policies.engine import Rules, rule_files
from policies.schema import CHOICES, arguments_of

SYSTEMS = (Cdk, Jira, Kubernetes, NewRelic, Rancher, ServiceNow)
VALUES = {"String": "web-app", "Long": 4, "Bool": True}


def main() -> None:
    actions = {name: action for system in SYSTEMS for name, action in actions_of(system).items()}
    loading = time.perf_counter()
    rules = Rules.load(rule_files(Path("/nowhere")), actions)
    loaded = time.perf_counter() - loading
    questions = [
        Facts(
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
        )
        for (name, action), environment in itertools.product(actions.items(), CHOICES["Environment"])
    ]
    times = []
    count = rounds(5000)
    for facts in itertools.islice(itertools.cycle(questions), count):
        begin = time.perf_counter()
        rules.decide(facts)
        times.append((time.perf_counter() - begin) * 1000)
    p50, p95 = percentile(times, 50), percentile(times, 95)
    more = {"p50": round(p50, 4), "p95": round(p95, 4), "n": count, "rules": len(rules.rules), "actions": len(actions)}
    line("policy decision, p95", p95, "ms", aim=0.5, **more, load_ms=round(loaded * 1000, 1))


main()
