"""Atlassian's document format, in which Jira keeps what people write; here plain text, there and back."""

from __future__ import annotations

import re

from policies.action import Json


def document_of(text: str) -> dict[str, Json]:
    """Plain text as a document: an empty line ends a paragraph, a single line break stays one."""
    paragraphs = [each for each in re.split(r"\n\s*\n", text.strip()) if each]
    content = [{"type": "paragraph", "content": _lines(each)} for each in paragraphs]
    return {"type": "doc", "version": 1, "content": content}


def text_of(node: Json) -> str:
    """The words of a document, however deep they lie, without their layout."""
    words, waiting = list[str](), [node]
    while waiting:
        each = waiting.pop()
        if not isinstance(each, dict):
            words.append(str(each or ""))
        elif each.get("type") == "text":
            words.append(str(each.get("text", "")))
        else:
            waiting += reversed(list(each.get("content") or ()))
    return " ".join(filter(None, words))


def _lines(paragraph: str) -> list[dict[str, Json]]:
    nodes: list[dict[str, Json]] = []
    for line in filter(None, map(str.strip, paragraph.splitlines())):
        nodes += [{"type": "hardBreak"}] if nodes else []
        nodes.append({"type": "text", "text": line})
    return nodes
