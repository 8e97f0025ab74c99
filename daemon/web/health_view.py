"""The health of one DevOS as the page shows it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version

from daemon.systems import SYSTEMS
from daemon.web.house import House, in_force
from daemon.web.pages import Health, Part

WORST = ("bad", "warn", "good")
"""The states that count for the whole, the worst first."""
NAMES = {"NewRelic": "New Relic", "ServiceNowApprovals": "ServiceNow approvals", "Cdk": "AWS CDK"}
"""What systems are called that are not called like their class."""
SECTIONS = {"ServiceNowApprovals": "servicenow"}
"""The section of config.toml that connects a system, where it is not its own."""


def health_page(house: House, started: datetime, searchable: bool) -> Health:
    """Whether everything is as it should be.

    Args:
        house: the running DevOS.
        started: since when it runs.
        searchable: whether the record can be searched.
    """
    daemon = _daemon(house)
    log = _log(house, searchable)
    witnesses = _witnesses(house)
    systems = _systems(house)
    ways = _ways(house)
    parts = (*daemon, *log, *witnesses, *systems, *ways)
    return Health(
        state=worst(parts),
        daemon=daemon,
        log=log,
        witnesses=witnesses,
        systems=systems,
        ways=ways,
        started=started,
        frozen=house.brake.on,
    )


def worst(parts: Sequence[Part]) -> str:
    """The worst state of all."""
    states = {part.state for part in parts}
    return next((state for state in WORST if state in states), "good")


def _daemon(house: House) -> tuple[Part, ...]:
    systems = "simulated systems" if house.sandbox else "real systems"
    rules, problem = in_force(house)
    brake = Part("brake", "warn", "Frozen: nothing is changed until it is thawed.")
    free = Part("brake", "good", "Off: changes go on.")
    return (
        Part("process", "good", f"DevOS {version('devos')}, process {os.getpid()}, with {systems}."),
        Part("person", "good", f"Works for {house.person}."),
        Part("rules", "warn", f"Older ones are in force, because the files are wrong: {problem}")
        if problem
        else Part("rules", "good", f"{len(rules.rules)} rules, set {rules.ruleset[:12]}."),
        brake if house.brake.on else free,
    )


def _log(house: House, searchable: bool) -> tuple[Part, ...]:
    head = house.log.checkpoint()
    file = house.home / "audit.db"
    megabytes = file.stat().st_size / 1_000_000 if file.exists() else 0.0
    found = (
        Part("search", "bad", "The record cannot be searched; the daemon's log has the details.")
        if not searchable
        else Part("search", "good", "Every entry can be searched.")
    )
    return (
        Part("entries", "good", f"{head.size} entries, {megabytes:.1f} MB."),
        Part("head", "good", f"Signed, root {head.root.hex()}."),
        found,
    )


def _witnesses(house: House) -> tuple[Part, ...]:
    found = tuple(
        Part(each.witness, "warn", f"Not reached: {each.problem}")
        if each.problem
        else Part(each.witness, "good", "Reached; it saw " + (f"{each.size} entries." if each.size else "nothing yet."))
        for each in house.shipping.state
    )
    if found or house.sandbox:
        return found or (Part("none", "off", "A sandbox needs none."),)
    return (Part("none", "warn", "Nobody else keeps signed heads, so a log that was replaced whole goes unnoticed."),)


def _systems(house: House) -> tuple[Part, ...]:
    silent = house.names.unasked
    known = tuple(_system(kind.__name__, kind in house.systems) for kind in SYSTEMS)
    return (*known, *(Part("names", "warn", sentence) for sentence in silent))


def _system(kind: str, connected: bool) -> Part:
    name, section = NAMES.get(kind, kind), SECTIONS.get(kind, kind.lower())
    said = "Connected." if connected else f"Not connected; the section [{section}] in config.toml does that."
    return Part(name, "good" if connected else "off", said)


def _ways(house: House) -> tuple[Part, ...]:
    approvals, config = house.config.approvals, house.config
    ceilings = approvals.ceilings
    ways = [
        Part("terminal", "good", f"devos approve, up to level {ceilings.terminal}."),
        Part("dashboard", "good", f"These pages, up to level {ceilings.web}."),
    ]
    teams, servicenow = (house.sandbox or section is not None for section in (config.teams, config.servicenow))
    connected = {"desktop": True, "teams": teams, "servicenow": servicenow}
    for way, there in connected.items():
        if way not in approvals.ways:
            ways.append(Part(way, "off", "Not chosen in config.toml."))
        elif there:
            ways.append(Part(way, "good", f"Chosen, up to level {getattr(ceilings, way)}."))
        else:
            ways.append(Part(way, "warn", f"Chosen, but there is no section [{way}] in config.toml."))
    return tuple(ways)
