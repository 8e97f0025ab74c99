from __future__ import annotations

from typing import Any

import pytest

from integrations.sandbox.adf import document, fault, plain

TEXT = """
Two lines
of one paragraph.

# A heading

- first
- second

    code as it
      stands
"""


def test_plain_text_becomes_a_document() -> None:
    made = document(TEXT)
    assert fault(made) is None
    assert [node["type"] for node in made["content"]] == ["paragraph", "heading", "bulletList", "codeBlock"]
    assert plain(made) == "Two lines of one paragraph.\nA heading\nfirst\nsecond\ncode as it\n  stands"


def test_breaks_and_marks_are_read() -> None:
    strong = {"type": "text", "text": "bold", "marks": [{"type": "strong"}]}
    made = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [strong, {"type": "hardBreak"}]}]}
    assert fault(made) is None
    assert plain(made) == "bold\n"
    assert plain("no document") == ""


def paragraph(*content: Any) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": list(content)}]}


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ("text", "no node of type doc"),
        (None, "no node of type doc"),
        ({"type": "paragraph"}, "no node of type doc"),
        ({"type": "doc", "version": 2, "content": []}, "version is not 1"),
        ({"type": "doc", "version": 1, "content": "x"}, "no list of nodes"),
        ({"type": "doc", "version": 1, "content": [{"type": "text", "text": "x"}]}, "outside a paragraph"),
        (paragraph({"type": "text", "text": ""}), "has no text"),
        (paragraph({"type": "blink"}), "no node of type 'blink'"),
        (paragraph("x"), "no list of nodes"),
    ],
)
def test_what_is_no_document_is_told(value: Any, wrong: str) -> None:
    found = fault(value)
    assert found is not None
    assert wrong in found
