"""Shipping checkpoints to witnesses: now and then, beside everything else, without an entry in the log."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from policies.audit.checkpoint import Checkpoint, Verifier
from policies.audit.git_witness import GitPlace, is_repository
from policies.audit.head import RolledBack
from policies.audit.log import utc_now
from policies.audit.witness import BadWitness, FilePlace, Place, Unreachable, Witness

T = TypeVar("T")

logger = logging.getLogger("devos.witness")

EVERY = 60.0
"""Seconds between two looks at whether there is something to ship."""

PATIENCE = 30.0
"""Seconds that a witness has to answer; one on a disk that hangs would otherwise be waited for without end."""


class Head(Protocol):
    """What has a newest checkpoint: `Log`."""

    def checkpoint(self) -> Checkpoint:
        """The signed head of the tree as it is now."""


@dataclass(frozen=True)
class Seen:
    """How one witness stands."""

    witness: str
    size: int | None = None
    """How many entries it saw; None where that is not known."""
    at: datetime | None = None
    """When it was last reached."""
    problem: str | None = None
    """What is wrong with it, in one sentence."""


def witness_of(where: str, verifier: Verifier, scratch: Path) -> Witness:
    """The witness that somebody named.

    Args:
        where: a file's path, or a git repository (`is_repository`).
        verifier: the log's public key.
        scratch: a folder in which each git witness has a bare repository to make commits in.
    """
    place: Place = FilePlace(Path(where))
    if is_repository(where):
        git = where.removeprefix("git:")
        place = GitPlace(git, scratch / hashlib.sha256(git.encode()).hexdigest()[:16])
    return Witness(place, verifier)


class Shipping:
    """Lets witnesses see the log's head, and compares what they saw."""

    def __init__(
        self,
        head: Head,
        log: Path,
        witnesses: Sequence[Witness],
        *,
        every: float = EVERY,
        patience: float = PATIENCE,
        alarm: Callable[[str], None] = logger.critical,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Know the log and its witnesses.

        Args:
            head: the log that is written.
            log: its file.
            witnesses: who is to see it; none is fine.
            every: seconds between two shipments at least.
            patience: seconds that a witness has to answer.
            alarm: is told once when a witness that could not be asked at the start turns out to contradict the log.
            clock: the time, in UTC.
            sleep: waits.
        """
        self._head, self._log, self._every, self._patience = head, log, every, patience
        self._alarm, self._clock, self._sleep = alarm, clock, sleep
        self._seen = {witness: Seen(witness.name) for witness in witnesses}
        self._contradicted: set[Witness] = set()

    @property
    def state(self) -> list[Seen]:
        """How each witness stands, in the order in which they were named."""
        return list(self._seen.values())

    async def compare(self) -> list[str]:
        """Compare the log with what every witness saw; what else there is to say about them, a sentence each.

        Raises:
            RolledBack: the log is behind one of them, or is another; nothing may be done with it.
            BadWitness: what one of them holds is no checkpoint of this log.
        """
        outcomes = await asyncio.gather(*(self._ask(each) for each in self._seen), return_exceptions=True)
        warnings = []
        for witness, outcome in zip(self._seen, outcomes, strict=True):
            if isinstance(outcome, Unreachable):
                warnings.append(f"The witness {witness.name} could not be asked: {outcome}.")
                self._note(witness, problem=str(outcome))
            elif isinstance(outcome, BaseException):
                raise outcome
            elif outcome is None and self._head.checkpoint().size:
                warnings.append(f"The witness {witness.name} has seen nothing of the audit log yet.")
            else:
                self._note(witness, outcome)
        return warnings

    async def ship(self) -> None:
        """Let every witness see the head as it is now. What goes wrong is kept in `state` and logged."""
        head = self._head.checkpoint()
        late = [
            witness
            for witness, seen in self._seen.items()
            if (seen.problem or seen.size != head.size) and witness not in self._contradicted
        ]
        await asyncio.gather(*(self._ship(witness, head) for witness in late))

    async def run(self) -> None:
        """Ship from time to time, until cancelled."""
        while True:
            await self._sleep(self._every)
            await self.ship()

    async def _ask(self, witness: Witness) -> Checkpoint | None:
        return await self._within(lambda: witness.compare(self._log))

    async def _ship(self, witness: Witness, head: Checkpoint) -> None:
        """Ship to one witness; one that contradicts the log gets no further shipments, so that what it saw remains."""
        before = self._seen[witness].problem
        try:
            await self._within(lambda: witness.ship(head, self._log))
        except (RolledBack, BadWitness) as problem:
            self._contradicted.add(witness)
            self._note(witness, problem=str(problem))
            self._alarm(str(problem))
        except Exception as problem:  # whatever it was, the other witnesses and the log go on
            self._note(witness, problem=str(problem))
            if before != str(problem):
                logger.warning("the witness %s was not told of %s entries: %s", witness.name, head.size, problem)
        else:
            self._note(witness, head)

    async def _within(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.wait_for(asyncio.to_thread(work), self._patience)
        except TimeoutError:
            raise Unreachable(f"no answer within {self._patience:g} seconds") from None

    def _note(self, witness: Witness, seen: Checkpoint | None = None, problem: str | None = None) -> None:
        """Remember how a witness stands."""
        if problem is not None:
            self._seen[witness] = replace(self._seen[witness], problem=problem)
        else:
            self._seen[witness] = Seen(witness.name, seen.size if seen else None, self._clock())
