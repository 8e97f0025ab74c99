"""Every sentence file's own tests, and what a sentence file may not say."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import intents
from intents.context import Context
from intents.intent import Intent
from intents.understanding.sentences import SentenceError, read_sentences
from intents.understanding.understand import Understanding, Understood

FILES = sorted(Path(intents.__file__).parent.glob("*.yaml"))
KNOWN = frozenset({"deployment", "replicas"})


def written_cases() -> Iterator[pytest.ParameterSet]:
    for file in FILES:
        for case in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]:
            yield pytest.param(file.stem, case["say"], case["slots"], id=f"{file.stem}: {case['say']}")


@pytest.mark.parametrize(("name", "say", "slots"), list(written_cases()))
def test_a_sentence_means_what_its_file_says(
    name: str, say: str, slots: dict[str, object] | None, understanding: Understanding, context: Context
) -> None:
    answer = understanding.understand(say, context, channel="typed")
    understood_as_this = isinstance(answer, Understood) and answer.intent.name == name
    if slots is None:
        assert not understood_as_this
    else:
        assert understood_as_this, answer
        assert answer.slots == answer.intent.slots(**slots)


def test_each_request_is_said_in_twenty_ways_and_tested(requests: list[Intent]) -> None:
    for each in requests:
        assert len(each.variants) >= 20
        assert any(case.slots is None for case in each.tests)
        assert any(case.slots is not None for case in each.tests)


def test_a_file_that_does_not_exist_holds_nothing(tmp_path: Path) -> None:
    empty = read_sentences(tmp_path / "none.yaml", KNOWN)
    assert (empty.rules, empty.variants, empty.tests) == ({}, (), ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("variants: [", "no YAML"),
        ("- a list", "nothing else"),
        ("variant: []", "nothing else"),
        ("variants: [5]", "text in quotes"),
        ('variants: ["scale {deploymint}"]', "unknown slot deploymint"),
        ('rules: {where: "in {place}"}', "unknown slot place"),
        ('variants: ["scale {deployment} <where>"]', "unknown rule where"),
        ("tests: [{say: scale}]", "`say` and `slots`"),
        ("tests: [{say: scale, slots: {pods: 3}}]", "known slots"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "scale.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SentenceError, match=message) as error:
        read_sentences(file, KNOWN)
    assert "scale.yaml" in str(error.value)
