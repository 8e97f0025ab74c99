"""Messages about a question: recorded, once, and again only after one that failed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from daemon.asking.telling import PREFIX, Telling, in_words, is_own
from policies.action import IntegrationError, Manner, Unreachable
from policies.output import Refused

if TYPE_CHECKING:
    from tests.daemon.asking.office import Company, Office

CARD = json.dumps({"type": "AdaptiveCard", "version": "1.4", "body": []})


async def test_a_message_is_sent_once_and_recorded(office: Office, company: Company) -> None:
    telling, question = Telling(office.door), await office.asks()
    call = office.graph.ask.call(question.id, CARD)
    assert not telling.begun(question, 1) and telling.sent(question, call, 1) is None
    posted = await telling.tell(question, call, 1)
    assert await telling.tell(question, office.graph.ask.call(question.id, "another card"), 1) == posted
    assert telling.begun(question, 1) and telling.sent(question, call, 1) == posted
    assert len(company.posts()) == 1 and company.card() == CARD
    entries = office.log.entries(run=f"{PREFIX}{question.id}")
    assert [each.type for each in entries] == ["devos.action.intended", "devos.action.done"]
    assert is_own(f"{PREFIX}{question.id}") and not is_own("run-1")


async def test_after_a_failure_it_is_tried_as_a_message_of_its_own(office: Office, company: Company) -> None:
    telling, question = Telling(office.door), await office.asks()
    call = office.graph.ask.call(question.id, CARD)
    company.admin.fault(system="graph", kind="status", status=403, method="POST", path="messages", times=2)
    for _ in range(2):
        with pytest.raises(IntegrationError, match="may not do that"):
            await telling.tell(question, call, 1)
    assert telling.begun(question, 1) and telling.sent(question, call, 1) is None
    posted = await telling.tell(question, call, 1)
    assert telling.sent(question, call, 1) == posted and len(company.posts()) == 1


async def test_nobody_is_asked_whether_to_ask(office: Office, company: Company) -> None:
    """Neither where a rule wants somebody's agreement, nor where it cannot be found out what became of a message."""
    telling, question = Telling(office.door), await office.asks()
    company.admin.fault(system="graph", kind="drop", times=None)
    office.opens()  # so that time passes
    asking = asyncio.create_task(telling.tell(question, office.graph.ask.call(question.id, CARD), 1))
    await office.time.until(asking.done)
    assert isinstance(asking.exception(), Unreachable)
    confirmed = replace(office.graph.ask.call(question.id, CARD), manner=Manner(offered=True))
    with pytest.raises(Refused, match="is refused"):
        await telling.tell(question, confirmed, 2)
    assert [each.id for each in office.approvals.open()] == [question.id] and company.posts() == []


def test_a_problem_is_one_visible_line() -> None:
    assert in_words(ValueError("one\ntwo\u202e")) == "one two" and in_words(KeyError()) == "KeyError"
