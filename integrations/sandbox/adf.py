"""Atlassian Document Format, the little of it that the company's texts need.

https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
"""

from __future__ import annotations

from typing import Any

Node = dict[str, Any]


def document(text: str) -> Node:
    """A document from plain text: blank lines part paragraphs, "- " makes a list, "# " a heading, four spaces code."""
    return {"type": "doc", "version": 1, "content": [_block(block) for block in text.strip("\n").split("\n\n")]}


def plain(node: Any) -> str:
    """The words of a document, a line per block."""
    if not isinstance(node, dict):
        return ""
    if node.get("type") == "text":
        return str(node.get("text", ""))
    if node.get("type") == "hardBreak":
        return "\n"
    inner = [plain(each) for each in node.get("content", [])]
    blocks = any(isinstance(each, dict) and each.get("type") not in _INLINE for each in node.get("content", []))
    return ("\n" if blocks else "").join(inner)


def fault(value: Any) -> str | None:
    """What keeps a value from being a document, or None when it is one."""
    if not isinstance(value, dict) or value.get("type") != "doc":
        return "it is no node of type doc"
    if value.get("version") != 1:
        return "its version is not 1"
    return _fault_in(value)


_INLINE = frozenset({"text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status", "mediaInline"})
_BLOCKS = frozenset(
    {
        "doc", "paragraph", "heading", "bulletList", "orderedList", "listItem", "codeBlock", "blockquote", "panel",
        "rule", "table", "tableRow", "tableHeader", "tableCell", "mediaSingle", "mediaGroup", "media", "expand",
        "nestedExpand", "taskList", "taskItem", "decisionList", "decisionItem", "blockCard",
    }
)  # fmt: skip


def _fault_in(node: Node) -> str | None:
    kind = node.get("type")
    if kind not in _BLOCKS and kind not in _INLINE:
        return f"there is no node of type {kind!r}"
    if kind == "text" and not (isinstance(node.get("text"), str) and node["text"]):
        return "a text node has no text"
    content = node.get("content", [])
    if not isinstance(content, list) or not all(isinstance(each, dict) for each in content):
        return f"the content of a {kind} is no list of nodes"
    if kind == "doc" and any(each.get("type") in _INLINE for each in content):
        return "text stands outside a paragraph"
    return next((found for each in content if (found := _fault_in(each))), None)


def _block(block: str) -> Node:
    lines = block.split("\n")
    if all(line.startswith("    ") for line in lines):
        return {"type": "codeBlock", "attrs": {}, "content": [_words("\n".join(line[4:] for line in lines))]}
    if all(line.startswith("- ") for line in lines):
        items = [{"type": "listItem", "content": [_paragraph(line[2:])]} for line in lines]
        return {"type": "bulletList", "content": items}
    if block.startswith("# "):
        return {"type": "heading", "attrs": {"level": 3}, "content": [_words(block[2:])]}
    return _paragraph(" ".join(lines))


def _paragraph(text: str) -> Node:
    return {"type": "paragraph", "content": [_words(text)]}


def _words(text: str) -> Node:
    return {"type": "text", "text": text}
