"""The envelope as others read it: CloudEvents 1.0 around OCSF's API Activity."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from policies.audit.event import Entry, Unreadable, canonical, envelope, plain, stored

NOON = datetime(2026, 3, 1, 13, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1)))


def entry(**fields: object) -> Entry:
    usual = {"type": "devos.action.intended", "run": "r1", "step": 2, "action": "jira.move", "data": {"effect": "read"}}
    return Entry(**{**usual, **fields})  # type: ignore[arg-type]  # the fields' types are the caller's


def written(what: Entry, payload: str | None = None) -> dict[str, object]:
    event: dict[str, object] = json.loads(envelope(what, 7, "an-id", NOON, "devos/audit/1", payload))
    return event


def test_the_envelope_is_a_cloud_event() -> None:
    event = written(entry(), "abc")
    assert {name: value for name, value in event.items() if name != "data"} == {
        "specversion": "1.0",
        "id": "an-id",
        "source": "devos/audit/1",
        "type": "devos.action.intended",
        "time": "2026-03-01T12:00:00.123Z",
        "subject": "r1",
        "datacontenttype": "application/json",
        "sequence": "00000000000000000007",
        "step": 2,
        "payload": "abc",
    }


def test_the_data_is_an_api_activity() -> None:
    data = {"effect": "change", "person": "ana", "args": {"replicas": 10}}
    assert written(entry(type="devos.action.done", action="kubernetes.scale", data=data))["data"] == {
        "category_uid": 6,
        "class_uid": 6003,
        "activity_id": 3,
        "type_uid": 600303,
        "severity_id": 1,
        "status_id": 1,
        "time": int(NOON.timestamp() * 1000),
        "metadata": {
            "version": "1.6.0",
            "uid": "an-id",
            "event_code": "devos.action.done",
            "product": {"name": "DevOS", "vendor_name": "DevOS"},
        },
        "actor": {"app_name": "DevOS", "user": {"name": "ana"}},
        "api": {"operation": "kubernetes.scale"},
        "src_endpoint": {"svc_name": "devos"},
        "unmapped": data,
    }


@pytest.mark.parametrize(("effect", "activity"), [("read", 2), ("change", 3), ("destroy", 4), (None, 99), ([], 99)])
def test_the_effect_is_the_activity(effect: object, activity: int) -> None:
    data = written(entry(data={"effect": effect}))["data"]
    assert isinstance(data, dict)
    assert (data["activity_id"], data["type_uid"]) == (activity, 600300 + activity)


@pytest.mark.parametrize(("word", "status"), [("done", 1), ("failed", 2), ("denied", 2), ("intended", 0)])
def test_the_last_word_of_the_type_is_the_status(word: str, status: int) -> None:
    data = written(entry(type=f"devos.action.{word}"))["data"]
    assert isinstance(data, dict)
    assert data["status_id"] == status


def test_what_an_entry_does_not_have_is_left_out() -> None:
    event = written(entry(type="devos.started", run=None, step=None, action=None, data={"person": 3}))
    assert not {"subject", "step", "payload"} & event.keys()
    assert isinstance(event["data"], dict)
    assert event["data"]["actor"] == {"app_name": "DevOS"}


@pytest.mark.parametrize("action", ["jira.move", None])
def test_an_event_is_read_back_as_it_was(action: str | None) -> None:
    what = entry(action=action)
    back = stored(7, envelope(what, 7, "an-id", NOON, "devos/audit/1", None), '{"a":1}')
    assert (back.seq, back.id, back.type, back.run, back.step, back.action, back.data, back.payload) == (
        *(7, "an-id", "devos.action.intended", "r1", 2, action),
        *({"effect": "read"}, {"a": 1}),
    )
    assert back.time == datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "payload"),
    [("nothing", None), ("[1]", None), ("{}", None), ("[" * 100_000, None), (None, None), ("good", "nothing")],
)
def test_what_is_no_event_any_more_is_an_error_that_says_what_to_do(text: str | None, payload: str | None) -> None:
    good = envelope(entry(), 7, "an-id", NOON, "devos/audit/1", None)
    with pytest.raises(Unreadable, match="Entry 7 was altered and cannot be read"):
        stored(7, good if text == "good" else text, payload)  # type: ignore[arg-type]  # a row may hold anything


def test_there_is_one_text_of_a_value() -> None:
    assert canonical({"b": [1, 2.5, None], "a": "é\n"}) == '{"a":"é\\n","b":[1,2.5,null]}'


@pytest.mark.parametrize("value", [float("nan"), "\ud800"])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        canonical(value)


def test_a_value_is_reduced_to_what_json_makes_of_it() -> None:
    assert plain({2: (1, 2), 10: None}) == {"2": [1, 2], "10": None}
    with pytest.raises(TypeError):
        plain(object())
