"""From text to a request, or to what it could have meant, over a catalogue of 200 deployments. Aim: p95 5 ms."""

import itertools
import time

from _machine import line, percentile, rounds

from intents.context import Context
from intents.count_replicas import count_replicas
from intents.deploy_service import deploy_service
from intents.scale_deployment import scale_deployment
from intents.understanding.catalogue import Catalogue
from intents.understanding.understand import Understanding, Understood

REQUESTS = (count_replicas, scale_deployment, deploy_service)
KNOWN = ("web-app", "checkout", "payment-service", "user-auth-service", "notification-service", "analytics-service")
TEAMS = ("orders", "billing", "search", "media", "fleet", "ledger", "mail", "risk", "stock", "tax")
PARTS = ("api", "worker", "web", "db", "cache", "auth-service", "export", "import", "report", "sync")
NAMES = (*KNOWN, *(f"{team}-{part}{each}" for team in TEAMS for part in PARTS for each in ("", "-v2")))
FOREIGN = (
    "what is the weather like in lisbon tomorrow",
    "order a pizza with mushrooms for tonight",
    "how many people work in the payments team",
    "set the thermostat to twenty degrees in the living room",
    "remind me to call northbridge construction at ten",
    "what is the size of my account",
)


def main() -> None:
    catalogue = Catalogue.of(
        deployment={"production": NAMES, "staging": NAMES},
        service=NAMES,
        environment=("production", "staging"),
        project=("DEV", "PERF", "CODE"),
    )
    began = time.perf_counter()
    understanding = Understanding(REQUESTS, catalogue)
    built = time.perf_counter() - began
    nowhere = Context(project=None, branch=None, ticket=None, folder=None, person="ada")
    sentences = [case.say for each in REQUESTS for case in each.tests] + list(FOREIGN)
    # The first round reads the names' sounds, which a daemon does once.
    answers = [understanding.understand(say, nowhere, channel="voice") for say in sentences]
    count = rounds(1000)
    times = []
    for say in itertools.islice(itertools.cycle(sentences), count):
        begin = time.perf_counter()
        understanding.understand(say, nowhere, channel="voice")
        times.append((time.perf_counter() - begin) * 1000)
    p50, p95 = percentile(times, 50), percentile(times, 95)
    line(
        "text to intent, p95",
        p95,
        "ms",
        aim=5.0,
        p50=round(p50, 4),
        p95=round(p95, 4),
        n=count,
        sentences=len(sentences),
        understood=sum(isinstance(each, Understood) for each in answers),
        names=len(NAMES),
        build_ms=round(built * 1000, 1),
    )


main()
