"""What is stored of a step, and what a request gets from it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cluster import NoSuch, Scaled
from pydantic import ValidationError
from wiring import DevOS

from policies.output import Origin, Refused, check, decode, error, failed, key_of, refusal, result

ORIGIN = Origin("run-1", "ana", "typed", "any", "simple")


def test_a_result_comes_back_as_it_was(house: DevOS) -> None:
    call = house.kubernetes.scale.call("web-app", "staging", 6)
    output = result(call, Scaled(4, 6))
    assert output == {"digest": call.digest, "result": {"was": 4, "replicas": 6}}
    assert decode(call, output) == Scaled(4, 6)


def test_a_result_of_another_shape_is_none_of_this_action(house: DevOS) -> None:
    with pytest.raises(ValidationError):
        decode(house.kubernetes.scale.call("web-app", "staging", 6), {"result": {"was": "four"}})


def test_an_error_comes_back_as_it_was(house: DevOS) -> None:
    call = house.kubernetes.scale.call("web-app", "staging", 6)
    output = error(call, NoSuch("web-app"))
    assert output == {"digest": call.digest, "error": failed(NoSuch("web-app"))}
    assert output["error"] == {"kind": "cluster.NoSuch", "args": ["web-app"], "text": "there is no 'web-app'"}
    with pytest.raises(NoSuch, match="web-app"):
        decode(call, output)


def test_a_refusal_comes_back_with_its_rule(house: DevOS) -> None:
    call = house.kubernetes.scale.call("web-app", "staging", 6)
    output = refusal(call, Refused("no", "leaps", "careful.cedar:6"))
    assert output == {"digest": call.digest, "refused": ["no", "leaps", "careful.cedar:6"]}
    with pytest.raises(Refused) as refused:
        check(output)
    assert (str(refused.value), refused.value.rule, refused.value.where) == ("no", "leaps", "careful.cedar:6")


def test_the_idempotency_key_is_of_the_run_the_step_and_the_call(house: DevOS) -> None:
    call = house.kubernetes.scale.call("web-app", "staging", 6)
    other = house.kubernetes.scale.call("web-app", "staging", 7)
    key = key_of(ORIGIN, call, 1)
    assert key == key_of(replace(ORIGIN, person="bob"), call, 1)
    assert (
        len({key, key_of(replace(ORIGIN, run="run-2"), call, 1), key_of(ORIGIN, call, 2), key_of(ORIGIN, other, 1)})
        == 4
    )
    assert len(key) == 32
