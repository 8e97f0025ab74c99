from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integrations.sandbox import graph_messages as messages
from integrations.sandbox import systems
from integrations.sandbox.graph_messages import NotThere, Refused
from integrations.sandbox.world import World

if TYPE_CHECKING:
    from tests.integrations.sandbox.conftest import Clock

TEXT = {"contentType": "text", "content": "hello"}


@pytest.fixture
def channel(world: World) -> World:
    systems.seed(world)
    return world


def test_every_message_has_an_id_of_its_own_and_later_ones_a_larger(channel: World, clock: Clock) -> None:
    made = [messages.post(channel, TEXT, [], "dana.whitfield") for _ in range(3)]
    clock.pass_by(0.002)
    made.append(messages.post(channel, TEXT, [], "dana.whitfield"))
    assert len(set(made)) == 4 and sorted(made, key=int) == made
    assert messages.newest_first(channel, None) == made[::-1]


def test_a_reply_belongs_to_its_message(channel: World) -> None:
    thread = messages.post(channel, TEXT, [], "dana.whitfield")
    reply = messages.post(channel, TEXT, [], "priya.raman", thread=thread)
    assert messages.newest_first(channel, thread) == [reply]
    assert messages.shown(channel, reply, "http://here")["replyToId"] == thread
    with pytest.raises(NotThere):
        messages.post(channel, TEXT, [], "priya.raman", thread=reply)
    with pytest.raises(NotThere):
        messages.message(channel, reply)


def test_times_are_shown_where_there_are_any(channel: World, clock: Clock) -> None:
    number = messages.post(channel, TEXT, [], "dana.whitfield")
    shown = messages.shown(channel, number, "http://here")
    assert shown["createdDateTime"] == "2026-03-02T09:00:00.000Z"
    assert shown["lastEditedDateTime"] is shown["deletedDateTime"] is None
    clock.pass_by(60)
    messages.change(channel, number, {"content": "bye"}, [], "dana.whitfield")
    assert messages.shown(channel, number, "")["lastEditedDateTime"] == "2026-03-02T09:01:00.000Z"
    messages.delete(channel, number, "dana.whitfield")
    with pytest.raises(NotThere):
        messages.delete(channel, number, "dana.whitfield")


def test_only_the_author_changes_a_message(channel: World) -> None:
    number = messages.post(channel, TEXT, [], "dana.whitfield")
    with pytest.raises(Refused, match="only who wrote"):
        messages.change(channel, number, TEXT, [], "priya.raman")
    with pytest.raises(NotThere):
        messages.change(channel, "1", TEXT, [], "priya.raman")


def test_ids_look_like_microsofts() -> None:
    assert messages.guid("a", "b") == messages.guid("a", "b") != messages.guid("b", "a")
    assert [len(part) for part in messages.entra_id("dana.whitfield").split("-")] == [8, 4, 4, 4, 12]
