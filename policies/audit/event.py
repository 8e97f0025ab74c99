"""One entry as it is written: a CloudEvents 1.0 envelope around the fields of OCSF's API Activity class.

The envelope says who, what and when (https://github.com/cloudevents/spec); its `data` follows OCSF 1.6 class 6003
(https://schema.ocsf.io/1.6.0/classes/api_activity), with what the caller recorded under OCSF's `unmapped`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from policies.action import Json

ACTIVITIES = {"read": 2, "change": 3, "destroy": 4}
"""An action's effect as OCSF's activity_id: Read, Update, Delete. Anything else is 99, Other."""

STATUSES = {"done": 1, "found": 1, "failed": 2, "refused": 2, "denied": 2}
"""The last word of an entry's type as OCSF's status_id: Success or Failure. Anything else is 0, Unknown."""

ERASING, ERASED = "devos.audit.erasing", "devos.audit.erased"
"""The types of the entries that say which payloads are to go, and are gone: under "ranges", pairs of seqs."""

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True)
class Entry:
    """What is to be recorded."""

    type: str
    """What happened, for example "devos.action.intended"."""
    run: str | None
    step: int | None
    action: str | None
    """The action's full name, for example "kubernetes.scale"; None where the entry is about no action."""
    data: dict[str, Json]
    payload: Json | None = None
    """What is stored apart, so that it can be erased later without breaking the log."""


@dataclass(frozen=True)
class Stored:
    """An entry as it stands in the log."""

    seq: int
    """From 1, without gaps."""
    id: str
    time: datetime
    type: str
    run: str | None
    step: int | None
    action: str | None
    data: dict[str, Json]
    payload: Json | None
    """None when there was none, or when it was erased."""


def canonical(value: Json) -> str:
    """The one text of a JSON value: keys sorted, no spaces, characters as they are (not escaped).

    Raises:
        TypeError: the value is not JSON.
        ValueError: it holds a number or a character that JSON in UTF-8 cannot hold.
    """
    text = _CANONICAL.encode(value)
    text.encode()
    return text


def plain(value: Json) -> Json:
    """The value with everything in it replaced by what JSON makes of it: tuples by lists, numbers as keys by strings.

    Raises:
        TypeError, ValueError: the value is not JSON.
    """
    return json.loads(json.dumps(value, allow_nan=False))


def envelope(entry: Entry, seq: int, id: str, time: datetime, source: str, payload: str | None) -> str:  # noqa: A002 - CloudEvents' own word
    """The event's canonical JSON, exactly the bytes that the tree's leaf is the hash of.

    Args:
        entry: its `data` must be plain JSON already redacted.
        seq: its place in the log, from 1.
        id: unique among all events of all logs.
        time: with a time zone; written in UTC to the millisecond.
        source: the log's origin.
        payload: the digest of what is stored apart.
    """
    when = time.astimezone(UTC)
    event = {
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": entry.type,
        "time": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "subject": entry.run,
        "datacontenttype": "application/json",
        "sequence": f"{seq:020d}",
        "step": entry.step,
        "payload": payload,
        "data": _api_activity(entry, id, when),
    }
    return canonical({name: value for name, value in event.items() if value is not None})


def _api_activity(entry: Entry, uid: str, when: datetime) -> dict[str, Json]:
    """OCSF's API Activity."""
    activity = ACTIVITIES.get(str(entry.data.get("effect")), 99)
    person = entry.data.get("person")
    actor = {"app_name": "DevOS", **({"user": {"name": person}} if isinstance(person, str) else {})}
    return {
        "category_uid": 6,
        "class_uid": 6003,
        "activity_id": activity,
        "type_uid": 600300 + activity,
        "severity_id": 1,
        "status_id": STATUSES.get(entry.type.rpartition(".")[2], 0),
        "time": int(when.timestamp() * 1000),
        "metadata": {
            "version": "1.6.0",
            "uid": uid,
            "event_code": entry.type,
            "product": {"name": "DevOS", "vendor_name": "DevOS"},
        },
        "actor": actor,
        "api": {"operation": entry.action or entry.type},
        "src_endpoint": {"svc_name": "devos"},
        "unmapped": entry.data,
    }


class Unreadable(Exception):
    """What stands in the log is no entry any more: it was altered."""


def stored(seq: int, text: str, payload: str | None) -> Stored:
    """Read an event back.

    Args:
        seq: the entry's place in the log.
        text: the event.
        payload: the JSON stored apart, where it is still there.

    Raises:
        Unreadable: it is no event.
    """
    try:
        event = json.loads(text)
        operation = event["data"]["api"]["operation"]
        return Stored(
            seq=seq,
            id=event["id"],
            time=datetime.fromisoformat(event["time"]),
            type=event["type"],
            run=event.get("subject"),
            step=event.get("step"),
            action=None if operation == event["type"] else operation,
            data=event["data"]["unmapped"],
            payload=None if payload is None else json.loads(payload),
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Unreadable(f"Entry {seq} was altered and cannot be read. `devos audit verify` says more.") from error
