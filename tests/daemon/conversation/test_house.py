"""What is built for the daemon is what a conversation needs."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from daemon.conversation.attention import Attention
from daemon.conversation.house import House, Listening, Mouth
from daemon.hearing.ear import Ear
from daemon.speaking.speaker import Speaker
from daemon.spoken_requests import SpokenRequests


@pytest.mark.parametrize(
    ("protocol", "kind"), [(House, SpokenRequests), (Mouth, Speaker), (Listening, Ear), (Listening, Attention)]
)
def test_every_part_can_do_what_is_wanted_of_it(protocol: Any, kind: Any) -> None:
    wanted = {name: each for name, each in vars(protocol).items() if not name.startswith("_")}
    assert wanted
    for name, each in wanted.items():
        if isinstance(each, property):
            assert isinstance(inspect.getattr_static(kind, name), property)
            continue
        there = inspect.signature(getattr(kind, name)).parameters
        for parameter in inspect.signature(each).parameters.values():
            assert parameter.name in there
            assert there[parameter.name].default == parameter.default
