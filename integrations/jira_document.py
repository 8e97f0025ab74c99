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
    """The words of a document, without their layout."""
    if not isinstance(node, dict):
        return str(node or "")
    if node.get("type") == "text":
        return str(node.get("text", ""))
    return " ".join(filter(None, (text_of(each) for each in node.get("content") or ())))


def _lines(paragraph: str) -> list[dict[str, Json]]:
    nodes: list[dict[str, Json]] = []
    for line in filter(None, map(str.strip, paragraph.splitlines())):
        nodes += [{"type": "hardBreak"}] if nodes else []
        nodes.append({"type": "text", "text": line})
    return nodes
