"""What DevOS does in its own name, such as asking somebody elsewhere (Door.tell): once, and never asked about."""

from __future__ import annotations

import pytest
from wiring import DevOS

from policies.action import IntegrationError, Unreachable
from policies.output import Origin, Refused

ASKER = Origin("ask-k7m2xq", "ana", "typed", "ask", "simple")


async def test_what_devos_tells_by_itself_is_done_once(house: DevOS) -> None:
    call = house.kubernetes.announce.call("A question waits for you.")
    assert await house.door.tell(ASKER, call, 1) == await house.door.tell(ASKER, call, 1)
    assert len(house.wire.journal("announce")) == 1
    assert house.types("ask-k7m2xq") == ["action.intended", "action.done"]


async def test_nobody_is_asked_whether_devos_may_ask(house: DevOS) -> None:
    with pytest.raises(Refused, match="changes-in-production"):
        await house.door.tell(ASKER, house.kubernetes.scale.call("web-app", "production", 5), 1)
    assert house.wire.journal() == [] and house.approvals.open() == []


async def test_a_refusal_records_what_the_rule_saw(house: DevOS) -> None:
    house.rule('@id("never") forbid (principal, action == Action::"kubernetes.restart", resource);')
    with pytest.raises(Refused):
        await house.door.tell(ASKER, house.kubernetes.restart.call("web-app", "staging"), 1)
    (refused,) = house.log.entries(run="ask-k7m2xq")
    assert (refused.data["level"], refused.data["rule"], refused.data["facts"]["environment"]) == (
        "deny",
        "never",
        "staging",
    )
    assert refused.payload["args"] == {"deployment": "web-app", "namespace": "staging"}


async def test_a_read_that_is_refused_while_it_is_planned_is_recorded_and_shown(devos: DevOS) -> None:
    devos.rule('@id("secret") forbid (principal, action == Action::"kubernetes.deployment", resource);')

    async def looks(devos: DevOS) -> str:
        return (await devos.kubernetes.deployment("web-app")).name

    shown = await devos.do(looks)
    assert shown["status"] == "denied" and devos.wire.journal("read") == []
    (step,) = shown["steps"]
    assert (step["action"], step["status"], step["rule"], step["args"]["deployment"]) == (
        "kubernetes.deployment",
        "denied",
        "secret",
        "web-app",
    )


async def test_nobody_is_asked_whether_devos_has_told_either(house: DevOS) -> None:
    house.wire.after("announce", Unreachable("no answer"))
    with pytest.raises(IntegrationError, match="not known"):
        await house.door.tell(ASKER, house.kubernetes.announce.call("A question waits for you."), 1)
    assert house.approvals.open() == [] and len(house.wire.journal("announce")) == 1
