"""What is kept of a request that lacks something."""

from __future__ import annotations

from daemon.conversation.pending import Pending
from intents.scale_deployment import scale_deployment
from intents.understanding.options import labelled
from intents.understanding.understand import NotUnderstood


def test_what_cannot_be_completed_is_not_pending() -> None:
    assert Pending.of(NotUnderstood("order a pizza", "I know no such request."), Pending("")) is None


def test_an_answer_adds_to_what_was_said() -> None:
    missing = NotUnderstood(
        "scale web-app",
        "How many replicas?",
        missing=["replicas"],
        intent=scale_deployment,
        known={"deployment": "web-app"},
    )
    first = Pending.of(missing, Pending("", by_key=True, replaces="run-1"))
    assert first is not None
    assert (first.question, first.intent, first.known) == ("How many replicas?", "scale_deployment", missing.known)
    assert (first.by_key, first.replaces, first.asked) == (True, "run-1", 1)
    assert first.text("ten") == "scale web-app; ten"
    again = Pending.of(missing, first)
    assert again is not None
    assert (again.said, again.asked) == (("scale web-app",), 2)


def test_one_of_its_options_can_be_taken() -> None:
    found = [(f"scale {name} to 3", scale_deployment, {"deployment": name, "replicas": 3}) for name in ("a", "b")]
    unsure = NotUnderstood("scale it to 3", "That can mean two things.", options=labelled(found))
    pending = Pending.of(unsure, Pending(""))
    assert pending is not None
    assert pending.question == "Do you mean a or b?"
    chosen = pending.chosen("the second one")
    assert chosen is not None
    assert (chosen.intent, chosen.known, chosen.options) == ("scale_deployment", {"deployment": "b", "replicas": 3}, ())
    assert pending.chosen("neither") is None
