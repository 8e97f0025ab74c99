"""A question as an Adaptive Card: everything that is asked for, others' words marked as such, and how to answer.

Schema 1.4 (adaptivecards.io). Text that is not our own stands in text runs only, in which Teams interprets neither
Markdown nor links.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from daemon.asking.links import Link
from policies.approval import Approval
from policies.visible import visible

LARGEST = 24_000
"""Bytes of a card that Teams surely takes; its limit is about 28 KB for the whole message."""
EVIDENCE = (2000, 400, 0)
"""Characters of each change's evidence that are shown: the most that fits."""

Element = dict[str, Any]


def question_card(approval: Approval, links: Sequence[Link] = (), notes: Sequence[str] = ()) -> str | None:
    """The card of an open question, as JSON; None where it does not fit.

    Args:
        approval: the question.
        links: what the buttons open.
        notes: sentences about replies that did not count.
    """
    for most in EVIDENCE:
        body = [*_head(approval), *(each for change in approval.plan for each in _change(change, most))]
        body += [*_foot(approval), *(_line(note, subtle=True) for note in notes)]
        text = _card(body, links)
        if len(text.encode()) <= LARGEST:
            return text
    return None


def closed_card(approval: Approval) -> str:
    """The card of a question that is closed: what was asked, in a line for each change, and how it ended."""
    changes = [_line(f"{change.get('summary') or change['action']}") for change in approval.plan[:10]]
    more = len(approval.plan) - len(changes)
    rest = [_line(f"and {more} more")] if more > 0 else []
    return _card([_title(f"{approval.id} is closed"), _line(ending(approval), bold=True), *changes, *rest], [])


def ending(approval: Approval) -> str:
    """How a question ended, in a sentence."""
    by = f" by {approval.answered_by}" if approval.answered_by else ""
    via = f" ({approval.via})" if approval.via else ""
    why = f": {approval.reason}" if approval.reason else "."
    if approval.status in ("approved", "used"):
        return f"Approved{by}{via}{why}"
    if approval.status == "denied":
        return f"Denied{by}{via}{why}"
    if approval.status == "expired":
        return "Nobody answered in time."
    return "Withdrawn: it is not needed any more."


def how_to_answer(approval: Approval) -> str:
    """The words that count as an answer."""
    because = " because …" if approval.must_say_why else ""
    return f'Reply "approve {approval.id}{because}" or "deny {approval.id} because …"; nothing else counts.'


def _head(approval: Approval) -> list[Element]:
    count = len(approval.plan)
    what = "1 change" if count == 1 else f"{count} changes"
    head = [
        _title(f"DevOS asks: {approval.id}"),
        _line(f"{approval.asker} asks for your approval of {what}. {approval.because}"),
    ]
    if approval.asked_from:
        head.append(_line(f"Asked from: {' > '.join(approval.asked_from)}", subtle=True))
    if approval.opened:
        head.append(_line(f"The request has read: {', '.join(approval.opened)}", subtle=True))
    return head


def _change(change: dict[str, Any], evidence: int) -> list[Element]:
    items = [
        _line(f"{change['step']}. {change['summary']}", bold=True),
        _line(f"{change['action']} on {change['target']} ({change['environment']})"),
    ]
    quoted = change.get("quoted") or {}
    for name, value in change["args"].items():
        items.append(_argument(name, value, quoted.get(name), chosen=name in (change.get("outside") or ())))
    items.append(_line(f"Level {change['level']}, by rule {change['rule']} ({change['where']}): {change['because']}"))
    if change.get("cost") is not None:
        items.append(_line(f"Costs about ${change['cost']} a month"))
    items += _evidence(str(change.get("evidence") or ""), evidence)
    items.append(_line(f"Undo: {change.get('undo') or 'cannot be taken back'}"))
    return [{"type": "Container", "separator": True, "items": items}]


def _argument(name: str, value: Any, quoted: list[dict[str, Any]] | None, *, chosen: bool) -> Element:
    runs = [_run(f"{name}: ", bold=True)]
    for segment in quoted or [{"text": value if isinstance(value, str) else json.dumps(value), "from": None}]:
        runs.append(_run(segment["text"], highlight=bool(segment["from"]) or chosen))
        if segment["from"]:
            runs.append(_run(f" [from {segment['from']}] ", subtle=True))
    if chosen:
        runs.append(_run(" [may have been chosen by what others wrote]", bold=True))
    return {"type": "RichTextBlock", "inlines": runs}


def _evidence(text: str, most: int) -> list[Element]:
    if not text:
        return []
    shown = text if len(text) <= most else text[:most]
    lines = [_line(line, mono=True) for line in shown.splitlines()]
    if shown != text:
        lines.append(
            _line(f"({len(text) - len(shown)} more characters of evidence on the asker's machine)", subtle=True)
        )
    return lines


def _foot(approval: Approval) -> list[Element]:
    moment = f"{approval.expires[:19]}Z"  # a function of Teams shows it in each reader's own time
    votes = f"{len(approval.given)} of {approval.votes} approvals"
    by = f": {', '.join(vote.by for vote in approval.given)}" if approval.given else ""
    who = f"Somebody of {approval.group} has to answer. " if approval.group else ""
    return [
        _line(f"{who}{votes}{by}."),
        {"type": "TextBlock", "text": f"Until {{{{DATE({moment},SHORT)}}}} {{{{TIME({moment})}}}}", "wrap": True},
        _line(how_to_answer(approval), bold=True),
    ]


def _card(body: Iterable[Element], links: Sequence[Link]) -> str:
    actions = [{"type": "Action.OpenUrl", "title": link.title, "url": link.url} for link in links]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": list(body),
        **({"actions": actions} if actions else {}),
    }
    return json.dumps(card, ensure_ascii=False)


def _title(text: str) -> Element:
    return {"type": "RichTextBlock", "inlines": [_run(text, bold=True) | {"size": "Medium"}]}


def _line(text: str, **style: bool) -> Element:
    return {"type": "RichTextBlock", "inlines": [_run(text, **style)]}


def _run(
    text: str, *, bold: bool = False, subtle: bool = False, mono: bool = False, highlight: bool = False
) -> Element:
    run: Element = {"type": "TextRun", "text": _safe(text)}
    run |= {"weight": "Bolder"} if bold else {}
    run |= {"isSubtle": True} if subtle else {}
    run |= {"fontType": "Monospace"} if mono else {}
    return run | ({"highlight": True} if highlight else {})


def _safe(text: str) -> str:
    """Text as it may stand in a run: on one line, nothing hidden, and no function of the card language."""
    return visible(str(text), lines=False).replace("{{", "{ {") or " "
