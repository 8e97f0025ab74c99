"""Somebody's desktop with a portal, hotkeys of every kind, and whatever DevOS was told of them."""

from __future__ import annotations

import queue
from pathlib import Path

from portal_stand_in import LIMIT, Behaviour, Bus
from portal_stand_in import Portal as StandIn

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.chord import Chord
from daemon.hotkeys.portal import Portal
from daemon.hotkeys.press import Press

TALK = Binding(Chord.parse("ctrl+alt+space"), "talk", "talk")
MUTE = Binding(Chord.parse("ctrl+alt+m"), "mute", "mute")
SCALE = Binding(Chord.parse("ctrl+alt+k"), "scale_deployment", "request")
DEPLOY = Binding(Chord.parse("ctrl+alt+deploy"), "deploy_service", "request")
AUDIT = Binding(Chord.parse("ctrl+alt+audit"), "audit_compliance", "request")
ALERTS = Binding(Chord.parse("ctrl+alt+alerts"), "list_alerts", "request")
ALL = (TALK, MUTE, SCALE, DEPLOY, AUDIT, ALERTS)


class Desk:
    """A session bus, the portal on it, and whatever DevOS was told."""

    def __init__(self, folder: Path) -> None:
        self.environment = {"XDG_DATA_HOME": str(folder), "HOME": str(folder)}
        self.behaviour = Behaviour(applications=folder / "applications")
        self.presses: queue.Queue[Press] = queue.Queue()
        self.deaths: queue.Queue[str] = queue.Queue()
        self.bus = Bus()
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = self.bus.address
        self.portal: StandIn | None = None
        self.ways: list[Portal] = []

    def plug(self) -> StandIn:
        """Put the portal onto the bus."""
        self.portal = StandIn(self.bus.address, self.behaviour)
        return self.portal

    def way(self, *bindings: Binding, summaries: dict[str, str] | None = None) -> Portal:
        ticks = iter(range(1, 1000))
        made = Portal(
            bindings or ALL,
            self.presses.put,
            self.deaths.put,
            environment=self.environment,
            summaries=summaries or {},
            clock=lambda: float(next(ticks)),
        )
        self.ways.append(made)
        return made

    def restart(self) -> None:
        """Restart the portal, which forgets everybody."""
        assert self.portal
        self.portal.leave()
        self.portal.arrive()

    def end_sessions(self) -> None:
        assert self.portal
        self.portal.end_sessions()

    def pressed(self) -> tuple[str, bool]:
        press = self.presses.get(timeout=LIMIT)
        return press.binding.name, press.down

    def close(self) -> None:
        for way in self.ways:
            way.close()
        if self.portal:
            self.portal.close()
        self.bus.kill()
