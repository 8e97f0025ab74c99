"""DevOS's own messages about a question, through the door: each recorded, and sent once in whichever process."""

from __future__ import annotations

from typing import TypeVar

from policies.action import Call
from policies.approval import Approval
from policies.door import DONE, FAILED, REFUSED, Door
from policies.output import Origin, decode
from policies.visible import visible

T = TypeVar("T")

ATTEMPTS = 1000
"""How many steps of its pretended run each message has: one for every attempt after one that failed."""
PREFIX = "ask-"
"""How the pretended run of a question's messages is called: the question's id with this before it."""


class Telling:
    """Sends the messages of one way of asking."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def tell(self, approval: Approval, call: Call[T], message: int) -> T:
        """Send a message, unless the record says that it was sent; what became of it the first time.

        Args:
            approval: what it is about.
            call: the action that sends it.
            message: its number among the question's messages, the same in every process.

        Raises:
            Refused: a rule refuses it.
            IntegrationError: it failed; telling it again tries it again.
            CannotRecord: it could not be recorded and was not sent.
        """
        origin, step = self.origin(approval), message * ATTEMPTS
        while (past := self._door.history(origin, step)) and past[-1].type in (FAILED, REFUSED):
            step += 1
        return await self._door.tell(origin, call, step)

    def begun(self, approval: Approval, message: int) -> bool:
        """Whether this message was sent, or may have been."""
        return bool(self._door.history(self.origin(approval), message * ATTEMPTS))

    def sent(self, approval: Approval, call: Call[T], message: int) -> T | None:
        """What became of this message; None where it was not sent, or nobody knows."""
        origin, step = self.origin(approval), message * ATTEMPTS
        while past := self._door.history(origin, step):
            if past[-1].type == DONE:
                result: T = decode(call, past[-1].payload)
                return result
            step += 1
        return None

    @staticmethod
    def origin(approval: Approval) -> Origin:
        """In whose name the messages of a question are sent."""
        return Origin(f"{PREFIX}{approval.id}", approval.asker or "devos", "typed", "ask", "simple")


def is_own(run: str) -> bool:
    """Whether a run is the pretended one of a question's messages, about which nobody is asked anywhere else."""
    return run.startswith(PREFIX)


def in_words(problem: BaseException) -> str:
    """A problem as one line for a person."""
    return visible(str(problem) or type(problem).__name__, lines=False)
