"""The messages of the simulated Teams channel: posted, replied to, edited and deleted.

https://learn.microsoft.com/graph/api/resources/chatmessage: what is deleted keeps its place without its content, what
is edited says when, and only who wrote a message may change it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from integrations.sandbox.auth import PERSON, stable_id
from integrations.sandbox.world import World

MESSAGE = "graph/message"
"""The kind of the channel's messages and replies: id → `{"thread", "by", "bot", "body", "attachments", …}`."""
CHANNEL = "graph/channel"
"""The kind under which the one team and channel stand: "channel" → `{"team", "channel", "name"}`."""

LARGEST = 28_000
"""How many bytes a message may have, card included."""


class NotThere(Exception):
    """There is no such message, or no such person."""


class Refused(Exception):
    """Teams does not take that; the message says why."""


def entra_id(user: str) -> str:
    """The object id of one of the company's people in Entra ID: always the same."""
    return guid("entra", user)


def guid(*parts: str) -> str:
    """An id in the form that Microsoft gives them, always the same for the same words."""
    digits = stable_id(*parts)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def post(
    world: World,
    body: Mapping[str, Any],
    attachments: list[dict[str, Any]],
    by: str,
    *,
    thread: str | None = None,
    bot: bool = False,
) -> str:
    """Post a message, or a reply to the message `thread`; its id.

    Args:
        world: where.
        body: `{"contentType": "html" or "text", "content": …}`.
        attachments: as Graph takes them.
        by: the user name of who writes.
        thread: the message that is replied to.
        bot: whether a program writes it in its own name, not an account.

    Raises:
        NotThere: there is no such message.
        Refused: Teams would not take it.
    """
    _check(body, attachments)
    with world.transaction():
        if thread is not None:
            message(world, thread)
        moment = int(world.now().timestamp() * 1000)
        number = str(moment + world.next_number(MESSAGE, 1))
        stored = {"thread": thread, "by": by, "bot": bot, "body": dict(body), "attachments": attachments}
        world.put(MESSAGE, number, {**stored, "created": moment, "modified": moment, "edited": None, "deleted": None})
    return number


def message(world: World, number: str, thread: str | None = None) -> dict[str, Any]:
    """A stored message, or a stored reply to `thread`.

    Raises:
        NotThere: there is none.
    """
    found = world.get(MESSAGE, number)
    if found is None or found["thread"] != thread:
        raise NotThere(f"there is no message {number!r}")
    return found


def change(
    world: World, number: str, body: Mapping[str, Any], attachments: list[dict[str, Any]], by: str
) -> dict[str, Any]:
    """Put other content into a message.

    Raises:
        NotThere: there is no such message.
        Refused: somebody else wrote it, or Teams would not take it.
    """
    _check(body, attachments)
    return _changed(world, number, by, {"body": dict(body), "attachments": attachments, "edited": True})


def delete(world: World, number: str, by: str) -> None:
    """Delete a message as its author would: its place stays.

    Raises:
        NotThere: there is no such message.
        Refused: somebody else wrote it.
    """
    _changed(world, number, by, {"body": {"contentType": "html", "content": ""}, "attachments": [], "deleted": True})


def newest_first(world: World, thread: str | None) -> list[str]:
    """The ids of the channel's messages, or of the replies to one of them."""
    found = [number for number, each in world.all(MESSAGE).items() if each["thread"] == thread]
    return sorted(found, key=int, reverse=True)


def shown(world: World, number: str, base: str) -> dict[str, Any]:
    """A message as Graph shows it."""
    stored, place = world.all(MESSAGE)[number], world.all(CHANNEL)["channel"]
    person = world.all(PERSON)[stored["by"]]
    bot = stored["bot"]
    author = {"id": entra_id(stored["by"]), "displayName": person["name"]}
    user = {"@odata.type": "#microsoft.graph.teamworkUserIdentity", **author, "userIdentityType": "aadUser"}
    return {
        "id": number,
        "replyToId": stored["thread"],
        "etag": str(stored["modified"]),
        "messageType": "message",
        "createdDateTime": _moment(stored["created"]),
        "lastModifiedDateTime": _moment(stored["modified"]),
        "lastEditedDateTime": _moment(stored["edited"]),
        "deletedDateTime": _moment(stored["deleted"]),
        "subject": None,
        "summary": None,
        "chatId": None,
        "importance": "normal",
        "locale": "en-us",
        "webUrl": f"{base}/l/message/{place['channel']}/{number}",
        "policyViolation": None,
        "eventDetail": None,
        "from": {"application": author if bot else None, "device": None, "user": None if bot else user},
        "body": stored["body"],
        "channelIdentity": {"teamId": place["team"], "channelId": place["channel"]},
        "attachments": stored["attachments"],
        "mentions": [],
        "reactions": [],
    }


def _changed(world: World, number: str, by: str, values: dict[str, Any]) -> dict[str, Any]:
    with world.transaction():
        stored = world.get(MESSAGE, number)
        if stored is None or stored["deleted"]:
            raise NotThere(f"there is no message {number!r}")
        if stored["by"] != by:
            raise Refused("only who wrote a message may change it")
        now = int(world.now().timestamp() * 1000)
        marks = {name: now for name in ("edited", "deleted") if values.get(name)}
        changed = {**stored, **values, **marks, "modified": now}
        world.put(MESSAGE, number, changed)
    return changed


def _check(body: Mapping[str, Any], attachments: list[dict[str, Any]]) -> None:
    content = body.get("content")
    if not isinstance(content, str) or body.get("contentType", "text") not in ("html", "text"):
        raise Refused("body must have a content, and contentType html or text")
    ids = [str(each.get("id")) for each in attachments]
    if sorted(ids) != sorted(re.findall(r'<attachment id="([^"]*)"></attachment>', content)):
        raise Refused("every attachment must be referenced in the body, and the other way round")
    if len(content.encode()) + sum(len(str(each.get("content") or "").encode()) for each in attachments) > LARGEST:
        raise Refused("the message is too large")


def _moment(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
