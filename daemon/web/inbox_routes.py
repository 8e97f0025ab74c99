"""The inbox: questions with everything that is to be seen before they are answered, and answering them."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints
from starlette.responses import Response

from daemon.web.front import Front, on_to
from daemon.web.house import House
from daemon.web.pages import Inbox, Question
from daemon.web.question_view import VIA, question_page
from daemon.web.routes import Access, Route, Turned, Values, Visit
from daemon.web.run_view import path_of
from daemon.web.sessions import Session
from policies.action import Json
from policies.approval import Approval

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Answer(Values):
    """A person's answer to a question."""

    answer: Literal["yes", "no"]
    digest: Digest
    """Of what was shown: an answer to anything else does not count."""
    because: Annotated[str, Field(max_length=2000)] = ""
    result: Annotated[str, Field(max_length=20_000)] = ""
    """For an outcome question: the result that the change had, as JSON; bare words are text."""


class InboxRoutes:
    """What can be asked about questions."""

    def __init__(self, house: House, front: Front) -> None:
        self._house, self._front = house, front

    @property
    def routes(self) -> tuple[Route, ...]:
        """What can be asked."""
        return (
            Route("GET", "/inbox", self.waiting, "The questions that wait."),
            Route("GET", "/inbox/{approval}", self.show, "One question."),
            Route("POST", "/inbox/{approval}/answer", self.answer, "Answer a question.", Access.CHANGE, body=Answer),
        )

    async def waiting(self, visit: Visit) -> Response:
        """The questions that wait, the one that expires first on top."""
        approvals = await asyncio.to_thread(self._house.approvals.open)
        ordered = sorted(approvals, key=lambda each: each.expires)
        questions = await asyncio.to_thread(self._questions, ordered, visit.session)
        return await self._front.show(visit, "inbox", Inbox(questions), section="inbox", events="/events")

    async def show(self, visit: Visit) -> Response:
        """One question."""
        approval = await question(self._house, visit.path["approval"])
        (page,) = await asyncio.to_thread(self._questions, [approval], visit.session)
        return await self._front.show(visit, "question", page, section="inbox", events="/events")

    async def answer(self, visit: Visit) -> Response:
        """Answer a question."""
        said: Answer = visit.body
        approval = await answer(self._house, visit.path["approval"], said, _result(said.result))
        return on_to(path_of(approval.run))

    def _questions(self, approvals: list[Approval], session: Session | None) -> tuple[Question, ...]:
        house, writable = self._house, session is not None and session.writable
        runs = {run: self._run(run) for run in {each.run for each in approvals}}
        return tuple(
            question_page(each, house.approvals.voters, runs[each.run], house.person, writable=writable)
            for each in approvals
        )

    def _run(self, run: str) -> dict[str, Any] | None:
        """A question's run; None for a question that belongs to none, or to one that another database keeps."""
        try:
            return self._house.runs.show(run)
        except LookupError:
            return None


async def question(house: House, code: str) -> Approval:
    """A question, also one that waits no more.

    Raises:
        Turned: there is none of that id.
    """
    found = await asyncio.to_thread(house.approvals.find, code)
    if found is None:
        raise Turned(404, f"There is no question {code}.")
    return found


async def answer(house: House, code: str, said: Answer, result: Json) -> Approval:
    """Give the answer of the person whose DevOS this is; the question as it is then.

    Raises:
        CannotAnswer: it does not count, and why.
        CannotRecord: it could not be recorded, and does not count.
    """
    # Shielded, as a browser that leaves must not leave it half done.
    return await asyncio.shield(
        house.approvals.answer(
            code,
            said.answer == "yes",
            house.person,
            VIA,
            digest=said.digest,
            because=said.because.strip() or None,
            result=result,
        )
    )


def _result(text: str) -> Json:
    """What a person wrote as a result: JSON where it is that, otherwise the words themselves."""
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text.strip()
