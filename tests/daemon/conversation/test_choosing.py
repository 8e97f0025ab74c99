"""Which of several runs is meant."""

import pytest

from daemon.conversation.choosing import Which

RUNS = tuple(
    {"run": f"run-{number}", "intent": "any", "utterance": {"text": text}}
    for number, text in enumerate(
        ["Scale web-app to 6 in staging.", "deploy checkout to staging", "Scale checkout to 2"]
    )
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("the first one", [0]),
        ("number three", [2]),
        ("the last one", [2]),
        ("web-app", [0]),
        ("the deploy", [1]),
        ("Deploy checkout to staging.", [1]),
        ("the checkout one", []),
        ("all of them", [0, 1, 2]),
        ("the fourth one", []),
        ("something else", []),
        ("", []),
    ],
)
def test_only_what_is_clear_is_taken(said: str, meant: list[int]) -> None:
    assert [run["run"] for run in Which("Which one?", RUNS).taken(said)] == [f"run-{number}" for number in meant]
