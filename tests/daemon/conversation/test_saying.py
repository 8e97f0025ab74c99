"""What is said about runs."""

from typing import Any

import pytest

from daemon.conversation.saying import LONGEST, doing, listed, name_of, outcome, shortened, waits


def run(
    text: str = "Scale web-app to 6.", status: str = "running", said: str | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "run": "r",
        "intent": "scale_deployment",
        "utterance": {"text": text},
        "status": status,
        "said": said,
        **more,
    }


@pytest.mark.parametrize(
    ("words", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")]
)
def test_words_in_a_row(words: list[str], said: str) -> None:
    assert listed(words, "or") == said


def test_a_run_is_called_by_what_was_asked_for() -> None:
    assert name_of(run()) == "scale web-app to 6"
    assert name_of(run("")) == "scale deployment"


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (run(), "is being done"),
        (run(doing="the rollout of web-app"), "is at the rollout of web-app"),
        (run(status="asking"), "waits for an answer"),
        (run(status="waiting", waits_for="CHG1 waits"), "waits: CHG1 waits"),
        (run(status="waiting"), "waits"),
    ],
)
def test_what_is_under_way_is_one_sentence(one: dict[str, Any], said: str) -> None:
    assert doing([one]) == f"One request is under way: scale web-app to 6, which {said}."


def test_of_many_runs_the_newest_are_told() -> None:
    assert doing([]) == "Nothing is under way."
    assert doing([run(f"do {number}") for number in range(5)]) == (
        "5 requests are under way: do 0, which is being done; do 1, which is being done; "
        "do 2, which is being done; 2 more."
    )


@pytest.mark.parametrize(
    ("status", "said", "told"),
    [
        ("done", "It has 6 replicas.", "It has 6 replicas."),
        ("done", None, "Done."),
        ("failed", "Nobody answered.", "That failed. Nobody answered."),
        ("denied", "A rule refuses it.", "It was not done. A rule refuses it."),
        ("cancelled", "Cancelled by ana.", "It was cancelled."),
    ],
)
def test_how_a_run_ended_is_said(status: str, said: str | None, told: str) -> None:
    assert outcome(run(status=status, said=said)) == told


def test_nobody_has_to_listen_to_a_long_text() -> None:
    assert shortened("short") == "short"
    long = shortened("This is a sentence. " * 60)
    assert len(long) < LONGEST + 40
    assert long.endswith("a sentence. The rest is on the dashboard.")
    assert shortened("word " * 200).endswith("word The rest is on the dashboard.")


def test_what_a_run_waits_for_is_said() -> None:
    assert waits(run(), "somebody has to approve it.") == "It waits: somebody has to approve it."
    assert waits(run(), "") == "Scale web-app to 6 waits."
