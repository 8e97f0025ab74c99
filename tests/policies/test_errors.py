"""Errors of systems, which a replayed run raises again as what they were."""

from __future__ import annotations

import json

import pytest
from cluster import NoSuch
from wiring import DevOS

from policies.errors import IntegrationError, OutsideRun, Unreachable
from policies.output import check, failed


@pytest.mark.parametrize("raised", [NoSuch("web-ap"), Unreachable("no answer"), IntegrationError("no")])
def test_an_error_comes_back_as_the_class_it_was(raised: IntegrationError) -> None:
    stored = json.loads(json.dumps({"error": failed(raised)}))
    with pytest.raises(IntegrationError) as again:
        check(stored)
    assert type(again.value) is type(raised)
    assert again.value.args == raised.args
    assert str(again.value) == str(raised)


def test_an_error_whose_class_is_gone_keeps_its_words() -> None:
    with pytest.raises(IntegrationError, match="there is no 'web-ap'") as again:
        check({"error": {"kind": "gone.NoSuch", "args": ["web-ap"], "text": "there is no 'web-ap'"}})
    assert type(again.value) is IntegrationError


def test_each_class_is_known_by_its_full_name() -> None:
    assert NoSuch("x").kind == "cluster.NoSuch"
    assert IntegrationError.known["cluster.NoSuch"] is NoSuch
    assert IntegrationError.known["policies.errors.IntegrationError"] is IntegrationError
    assert not issubclass(OutsideRun, IntegrationError)


async def test_a_request_catches_the_class_it_names_also_from_what_was_recorded(house: DevOS) -> None:
    async def careful(house: DevOS) -> str:
        try:
            await house.kubernetes.deployment("nothing")
        except NoSuch as error:
            return f"caught {error.name}"
        return "found"

    assert await house.take(careful) == "caught nothing"
    assert await house.take(careful) == "caught nothing"
    assert len(house.wire.journal("read")) == 1  # the second time from the log
