"""What the command line may ask the daemon, question by question."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from daemon.asking.presence import NotPresent, Presence, process_tree
from daemon.asking.programs import programs_of
from daemon.control import Handler, Problem
from daemon.hearing.evidence import NoSpeech
from daemon.hearing.recording import NotARecording
from daemon.hearing.utterance import Channel, Utterance
from daemon.hearing.weights import NoWeights
from daemon.questions import summary_lines
from daemon.senses_desk import SensesDesk
from intents.understanding.understand import NotUnderstood, Understood
from policies.action import Json, digest
from policies.approvals import Approval, CannotAnswer
from policies.audit.erasing import BadChoice, Choice
from policies.audit.keeping import StillGoingOn
from policies.audit.log import CannotRecord
from policies.request import Request
from policies.runs import CannotResume, NoSuchRun
from policies.visible import visible

if TYPE_CHECKING:
    from daemon.app import App

FAILED, WRONG, REFUSED, NOT_UNDERSTOOD = 1, 2, 3, 5
"""Exit codes of the contract."""
VIA = "terminal"
"""The channel of whatever comes over the socket, whatever it says of itself."""


class Desk:
    """Answers questions for one running DevOS, in JSON; what went wrong is a `Problem` with an exit code.

    An asker who leaves stops the answer. What it changed meanwhile is shielded from that: a run is started whole or not
    at all, an answer to a question counts and is recorded, or neither.
    """

    def __init__(self, app: App, presence: Presence | None = None) -> None:
        self._app = app
        self.presence = presence or Presence(required=not app.sandbox, programs=app.config.approvals.programs)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Every question by name."""
        return {
            "say": self._say,
            "hear": self._hear,
            "test": self._test,
            "follow": self._follow,
            "runs": self._runs,
            "run": self._run,
            "cancel": self._cancel,
            "resume": self._resume,
            "undo": self._undo,
            "approvals": self._approvals,
            "answer": self._answer,
            "brake": self._brake,
            "open": self._open,
            "erase": self._erase,
            **SensesDesk(self._app.senses).handlers,
        }

    async def _say(self, question: dict[str, Any]) -> AsyncIterator[Json]:
        async for answer in self._utterance(Utterance(question["text"], _channel(question, "typed")), question):
            yield answer

    async def _hear(self, question: dict[str, Any]) -> AsyncIterator[Json]:
        channel = _channel(question, "file")
        try:
            utterance, heard = await self._app.ears.hear(Path(question["file"]), await self._app.vocabulary.catalogue())
        except NotARecording as problem:
            raise Problem(str(problem), WRONG) from None
        except NoSpeech as problem:
            raise Problem(str(problem), NOT_UNDERSTOOD) from None
        except NoWeights as problem:
            raise Problem(str(problem), FAILED) from None
        yield {
            "heard": {"transcript": heard.text, "confidence": heard.confidence, "model": heard.model}
            | {"timings": heard.timings}
        }
        async for answer in self._utterance(replace(utterance, channel=channel), question):
            yield answer

    async def _utterance(self, utterance: Utterance, question: dict[str, Any]) -> AsyncIterator[Json]:
        understood = await self._understand(utterance, question)
        request = await _from(question, self._app.request(utterance, understood))
        if question.get("plan"):
            plan = await self._app.plan(request)
            yield {
                "plan": plan.shown(),
                "digest": plan.digest,
                "level": str(plan.level),
                "open": plan.open,
                "answer": plan.answer,
                "failed": plan.failed,
                "intent": request.intent,
                "slots": request.slots,
                "tier": request.tier,
                "utterance": {"text": utterance.text, "channel": utterance.channel, "confidence": utterance.confidence},
            }
            return
        async for answer in self._started(request):
            yield answer

    async def _started(self, request: Request) -> AsyncIterator[Json]:
        try:
            run = await asyncio.shield(self._app.start(request))
        except CannotRecord as problem:
            raise Problem(f"Nothing was started, because the audit log cannot be written: {problem}", FAILED) from None
        async for shown in self._app.follow(run):
            yield await self._told(shown)

    async def _understand(self, utterance: Utterance, question: dict[str, Any]) -> Understood:
        answer = await self._app.vocabulary.understand(utterance, Path(question.get("cwd") or "/"))
        if isinstance(answer, NotUnderstood):
            raise Problem(
                " ".join([*self._app.vocabulary.names.unasked, answer.because]),
                FAILED if answer.unread else NOT_UNDERSTOOD,
                heard=answer.text,
                nearest=answer.nearest,
                missing=answer.missing,
                stage=answer.stage,
                ms=answer.ms,
            )
        return answer

    async def _test(self, question: dict[str, Any]) -> AsyncIterator[Json]:
        understood = await self._understand(Utterance(question["text"], "typed"), question)
        yield {
            "intent": understood.intent.name,
            "slots": understood.intent.slots_to_json(understood.slots),
            "tier": understood.tier,
            "confidence": understood.confidence,
            "stage": understood.stage,
            "ms": understood.ms,
        }

    async def _follow(self, question: dict[str, Any]) -> AsyncIterator[Json]:
        try:
            async for shown in self._app.follow(question["run"]):
                yield await self._told(shown)
        except NoSuchRun as problem:
            raise Problem(str(problem.args[0]), WRONG) from None

    async def _runs(self, question: dict[str, Any]) -> AsyncIterator[Json]:
        yield {"runs": await asyncio.to_thread(self._app.runs.newest, question.get("limit", 20))}

    async def _run(self, question: dict[str, Any]) -> AsyncIterator[Json]:
        try:
            yield await self._told(await asyncio.to_thread(self._app.runs.show, question["run"]))
        except NoSuchRun as problem:
            raise Problem(str(problem.args[0]), WRONG) from None

    async def _cancel(self, question: dict[str, Any]) -> AsyncIterator[Json]:
        try:
            done = await asyncio.shield(self._app.runs.cancel(question["run"], self._app.person, "terminal"))
        except NoSuchRun as problem:
            raise Problem(str(problem.args[0]), WRONG) from None
        shown = await asyncio.to_thread(self._app.runs.show, question["run"])
        if not done:
            raise Problem(f"{question['run']} is {shown['status']} already.", FAILED)
        yield {"run": shown}  # it asks nothing any more

    async def _resume(self, question: dict[str, Any]) -> AsyncIterator[Json]:
        try:
            await asyncio.shield(self._app.runs.resume(question["run"]))
        except NoSuchRun as problem:
            raise Problem(str(problem.args[0]), WRONG) from None
        except CannotResume as problem:
            raise Problem(str(problem), FAILED) from None
        async for shown in self._app.follow(question["run"]):
            yield await self._told(shown)

    async def _undo(self, question: dict[str, Any]) -> AsyncIterator[Json]:
        run = question["run"]
        try:
            shown = await asyncio.to_thread(self._app.runs.show, run)
        except NoSuchRun as problem:
            raise Problem(str(problem.args[0]), WRONG) from None
        if shown["status"] not in ("done", "failed", "denied", "cancelled"):
            raise Problem(f"{run} is still {shown['status']}; `devos runs cancel {run}` stops it first.", WRONG)
        async for answer in self._started(await _from(question, self._app.undoing(run))):
            yield answer

    async def _approvals(self, question: dict[str, Any]) -> AsyncIterator[Json]:
        found = await asyncio.to_thread(self._app.approvals.open)
        yield {"approvals": [each.to_json() | self._left_to(each) for each in found]}

    async def _told(self, run: dict[str, Any]) -> Json:
        """A run as whoever sits here sees it."""
        shown = []
        for each in run["approvals"]:
            found = await asyncio.to_thread(self._app.approvals.find, each["id"])
            shown.append(each | (self._left_to(found) if found is not None else {}))
        return {"run": run | {"approvals": shown}}

    def _left_to(self, approval: Approval) -> dict[str, Json]:
        """What a question says besides: who can answer it where whoever sits here cannot; null where they can."""
        return {"left_to": self._app.approvals.voters.others(approval, self._app.person) or None}

    async def _answer(self, question: dict[str, Any]) -> AsyncIterator[Json]:
        code, yes = question["id"], question["yes"] is True
        try:
            if await self._wants_word(code, yes, question):
                yield {"word": True}
                return
            approval = await asyncio.shield(
                self._app.approvals.answer(
                    code,
                    yes,
                    self._app.person,
                    VIA,
                    digest=question.get("digest"),
                    because=question.get("because"),
                    result=question.get("result"),
                )
            )
        except CannotAnswer as problem:
            raise Problem(str(problem), FAILED) from None
        except CannotRecord as problem:
            raise Problem(f"The answer does not count, because it cannot be recorded: {problem}", FAILED) from None
        told = {name: getattr(approval, name) for name in ("answered_by", "via", "result")}
        yield {"approval": approval.to_json() | told | {"said": approval.reason}}

    async def _wants_word(self, code: str, yes: bool, question: dict[str, Any]) -> bool:
        """Whether this answer has to come with a word that stands on the terminal now: a person has to be there.

        A no needs none; but that something did not happen lets it be done again.

        Raises:
            Problem: nobody is at a terminal, or it was not the word.
        """
        peer, result = question["peer"], digest(question.get("result"))
        asked = await asyncio.to_thread(self._app.approvals.find, code)
        if asked is None or not (yes or asked.level == "outcome"):
            return False
        if self._app.approvals.voters.problem(asked, self._app.person, VIA) or asked.status != "open":
            return False  # it does not count anyway, and that is said and recorded where it is answered
        if await asyncio.to_thread(self.presence.excused, peer):
            return False
        bound = (asked.id, asked.digest, "yes" if yes else "no", result)
        try:
            if "word" in question:
                await asyncio.to_thread(self.presence.check, peer, str(question["word"]), *bound)
                return False
            tree = await asyncio.to_thread(process_tree, peer)
            said = "\n".join(summary_lines(asked.to_json(), yes, answered_from=tree))
            await asyncio.to_thread(self.presence.challenge, peer, said, *bound)
        except NotPresent as absent:
            with suppress(CannotAnswer):
                await self._app.approvals.refuse(code, yes, self._app.person, VIA, str(absent))
            raise Problem(str(absent), REFUSED, left=absent.left) from None
        return True

    async def _brake(self, question: dict[str, Any]) -> AsyncIterator[Json]:
        on = bool(question["on"])
        await asyncio.shield(self._app.brake.set(on, self._app.log, by=self._app.person, via=VIA))
        yield {"frozen": on}

    async def _open(self, question: dict[str, Any]) -> AsyncIterator[Json]:
        """A way into the dashboard; who cannot be shown a word may only look around."""
        peer, word = question["peer"], None
        excused = await asyncio.to_thread(self.presence.excused, peer)
        if not excused:
            way = " → ".join(await asyncio.to_thread(process_tree, peer))
            what = "The dashboard asks for a word before it lets anybody answer questions in your name."
            what += f"\n  opened from {visible(way, lines=False)}" if way else ""
            how = "If it is you who opened it, type this there"
            with suppress(NotPresent):
                word = await asyncio.to_thread(self.presence.challenge, peer, what, "dashboard", how=how)
        yield {"url": self._app.dashboard.login_url(word=word, excused=excused)}

    async def _erase(self, question: dict[str, Any]) -> AsyncIterator[Json]:
        try:
            choice, because = Choice.from_json(question), question.get("because")
            erased = await asyncio.shield(asyncio.to_thread(self._app.keeping.erase, choice, self._app.person, because))
        except BadChoice as problem:
            raise Problem(str(problem), WRONG) from None
        except (StillGoingOn, CannotRecord, OSError, sqlite3.Error) as problem:
            raise Problem(f"Nothing was erased: {problem}", FAILED) from None
        yield erased.to_json()


async def _from(question: dict[str, Any], request: Request) -> Request:
    """The request with the programs that it came from."""
    return replace(request, asked_from=list(await programs_of(question["peer"])))


def _channel(question: dict[str, Any], usual: Channel) -> Channel:
    channel: Channel = question.get("channel", usual)
    if channel not in get_args(Channel):
        raise Problem(f"There is no channel {channel!r}; there are {', '.join(get_args(Channel))}.", WRONG)
    return channel
