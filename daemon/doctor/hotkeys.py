"""Proving the hotkeys: asks for each one, and shows whether it arrived, by which way, and how soon.

Where DevOS runs, it is asked to show what is pressed instead of doing it; where it does not, the keys are listened to
here. Nothing that is pressed meanwhile is acted on.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from daemon.doctor.presses import (
    Arrived,
    Broken,
    Happening,
    Ready,
    Skip,
    Source,
    by_daemon,
    by_ourselves,
    by_terminal,
    running,
)

if TYPE_CHECKING:
    from daemon.hotkeys.bindings import Binding

PATIENCE = 60.0
"""Seconds that a key is waited for."""
HOW = "Enter or Esc skips a key, Ctrl-C ends. Nothing that you press now is done."


Status: TypeAlias = Literal["arrived", "skipped", "missing"]


@dataclass(frozen=True)
class Proof:
    """What became of one hotkey."""

    name: str
    keys: str
    status: Status
    way: str = ""
    ms: float | None = None
    """From when the press came in until it was shown here."""


def prove(folder: Path, *, json: bool = False) -> int:
    """Prove every hotkey with the person at the terminal.

    Args:
        folder: DEVOS_HOME.
        json: whether to print one JSON array at the end and nothing else on standard output.

    Returns:
        The exit code: 0 when every key that was not skipped arrived, and at least one did; 1 when not; 2 when the
        settings are wrong.
    """
    import sys

    from daemon.app import INTENTS
    from daemon.commands.common import FAILED, WRONG, put
    from daemon.config import BadConfig, load
    from daemon.hotkeys.bindings import BadBindings, bindings_of

    def show(text: str) -> None:
        print(text, file=sys.stderr if json else sys.stdout, flush=True)

    def fail(text: str, code: int) -> int:
        put({"error": text}) if json else show(text)
        return code

    try:
        settings = load(folder).hotkeys
        bindings = bindings_of(settings, INTENTS)
    except (BadConfig, BadBindings) as problem:
        return fail(str(problem), WRONG)
    if not bindings:
        return fail("No hotkey is bound; section [hotkeys] of config.toml binds them.", FAILED)
    presses = by_daemon(folder) if running(folder) else by_ourselves(bindings, settings.seconds)
    return proved(bindings, (presses, by_terminal), show, json=json)


def proved(
    bindings: Sequence[Binding],
    sources: Sequence[Source],
    show: Callable[[str], None],
    *,
    json: bool = False,
    patience: float = PATIENCE,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Ask for each key in turn.

    Args:
        bindings: the hotkeys.
        sources: what tells of presses and of what the person types.
        show: where lines for the person go.
        json: whether to print the result as JSON.
        patience: seconds that each key is waited for.
        clock: the time in seconds, by the same clock as that of the presses.

    Returns:
        The exit code, as `prove`.
    """
    happenings: queue.Queue[Happening] = queue.Queue()
    proofs: list[Proof] = []
    rest: Status = "skipped"
    with ExitStack() as stack:
        try:
            for source in sources:
                stack.enter_context(source(happenings.put))
            _begin(happenings, show, patience)
            for each in bindings:
                proofs.append(_one(each, happenings, show, patience, clock))
        except _NoPresses as no:
            show(str(no))
            rest = "missing"
        except KeyboardInterrupt:
            show("")
    proofs += [Proof(each.name, each.chord.text, rest) for each in bindings[len(proofs) :]]
    if json:
        from daemon.commands.common import put

        put([asdict(each) for each in proofs])
    else:
        show(_table(proofs))
    statuses = [each.status for each in proofs]
    return 0 if "arrived" in statuses and "missing" not in statuses else 1


class _NoPresses(Exception):
    """Presses cannot be shown; the message says why."""


def _begin(happenings: queue.Queue[Happening], show: Callable[[str], None], patience: float) -> None:
    """Wait until presses are shown.

    Raises:
        _NoPresses: they never will be.
    """
    while True:
        try:
            happening = happenings.get(timeout=patience)
        except queue.Empty:
            raise _NoPresses(
                "The hotkeys are not ready; the desktop may be waiting for you to agree to them."
            ) from None
        if isinstance(happening, Broken):
            raise _NoPresses(happening.text)
        if isinstance(happening, Ready):
            show(f"The hotkeys come by way of: {happening.way}. {HOW}")
            if happening.problem:
                show(happening.problem)
            return


def _one(
    binding: Binding,
    happenings: queue.Queue[Happening],
    show: Callable[[str], None],
    patience: float,
    clock: Callable[[], float],
) -> Proof:
    """Ask for one key.

    Raises:
        _NoPresses: no press can come in any more.
    """
    show(f"\n{binding.name}: {binding.chord.described}")
    until = time.monotonic() + patience
    while True:
        try:
            happening = happenings.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            show("  it did not arrive")
            return Proof(binding.name, binding.chord.text, "missing")
        if isinstance(happening, Broken):
            raise _NoPresses(happening.text)
        if isinstance(happening, Skip):
            show("  skipped")
            return Proof(binding.name, binding.chord.text, "skipped")
        if isinstance(happening, Arrived):
            if _is(binding, happening):
                ms = round(max(0.0, clock() - happening.at) * 1000, 1)
                said = " (its first letter; the word is then said)" if happening.keys != binding.chord.text else ""
                show(f"  arrived by {happening.way} in {ms} ms{said}")
                return Proof(binding.name, binding.chord.text, "arrived", happening.way, ms)
            show(f"  that was {happening.keys} ({happening.name}); please try again")


def _is(binding: Binding, press: Arrived) -> bool:
    """Whether a press is of that hotkey, be it by its first letter alone, as the portal binds words."""
    from daemon.hotkeys.chord import Chord

    letter = Chord(binding.chord.modifiers, binding.chord.keys[:1]).text
    return press.name == binding.name or press.keys in (binding.chord.text, letter)


def _table(proofs: Sequence[Proof]) -> str:
    """The result, in columns."""
    rows = [("keys", "stands for", "", "way", "ms")]
    rows += [
        (each.keys, each.name, each.status, each.way, "" if each.ms is None else f"{each.ms:.1f}") for each in proofs
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n" + "\n".join(lines)
