"""Atlassian's document format."""

from __future__ import annotations

from integrations.jira_document import document_of, text_of
from policies.action import Json


def test_plain_text_becomes_a_document() -> None:
    text = {"type": "text"}
    assert document_of("One\n two\n\n  \nThree") == {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "paragraph", "content": [{**text, "text": "One"}, {"type": "hardBreak"}, {**text, "text": "two"}]},
            {"type": "paragraph", "content": [{**text, "text": "Three"}]},
        ],
    }
    assert document_of(" ")["content"] == []


def test_its_words_come_back_without_their_layout() -> None:
    assert text_of(document_of("One\ntwo\n\nThree")) == "One two Three"
    assert (text_of("plain"), text_of(None), text_of({"type": "rule"}), text_of({"type": "text"})) == (
        "plain",
        "",
        "",
        "",
    )


def test_what_looks_like_a_document_in_a_text_stays_text() -> None:
    text = '{"type": "mention", "attrs": {"id": "1"}} [link](https://evil.example) @dana'
    assert document_of(text)["content"][0]["content"] == [{"type": "text", "text": text}]


def test_a_document_may_be_as_deep_as_somebody_likes() -> None:
    deep: Json = {"type": "text", "text": "found"}
    for _ in range(5_000):
        deep = {"type": "blockquote", "content": [deep]}
    assert text_of(deep) == "found"
