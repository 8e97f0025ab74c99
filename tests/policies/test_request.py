"""What a run is started with."""

from __future__ import annotations

from dataclasses import asdict

from policies.output import Origin
from policies.request import Request

REQUEST = Request("scale it", "typed", 1.0, None, "scale", {"replicas": 6}, "medium", "ana", "0.1.0")


def test_what_the_actions_of_a_run_know_of_it() -> None:
    assert REQUEST.origin("run-1") == Origin("run-1", "ana", "typed", "scale", "medium")


def test_it_can_be_stored_and_read_back() -> None:
    assert Request(**asdict(REQUEST)) == REQUEST
