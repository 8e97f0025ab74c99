"""A way by which keys reach DevOS while another program has the focus: X11, a desktop portal, macOS.

A way takes its bindings, whom it tells of each press, and whom it tells of its own death, when it is made:

    X11(bindings, deliver, died, seconds=2.0)

It does nothing until `start`, and nothing more after `close`. It does not restart itself: `Hotkeys` makes a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from daemon.hotkeys.bindings import Binding
    from daemon.hotkeys.press import Press


class NoHotkeys(RuntimeError):
    """Keys cannot be listened to this way; the text says what is missing and what mends it, in one or two sentences.

    Args:
        text: for the person.
        again: whether trying again later can help, because what is missing may still come.
    """

    def __init__(self, text: str, *, again: bool = True) -> None:
        super().__init__(text)
        self.again = again


class Way(Protocol):
    """One way, from its `start` to its `close` or its death."""

    @property
    def name(self) -> str:
        """What it is called in `Press.way` and to a person: "X11", "portal", "macOS"."""

    @property
    def problem(self) -> str:
        """What does not work although the rest does, in sentences: keys that another program has; "" when all works."""

    def start(self) -> None:
        """Begin to listen; return once keys arrive, or raise.

        Raises:
            NoHotkeys: it cannot; nothing of it is left behind.
        """

    def close(self) -> None:
        """Stop listening and give every key back; safe to call twice, from any thread, and before `start`."""


class MakeWay(Protocol):
    """How a way is made; its class fulfils this."""

    def __call__(
        self,
        bindings: Sequence[Binding],
        deliver: Callable[[Press], None],
        died: Callable[[str], None],
        *,
        seconds: float,
    ) -> Way:
        """Make the way without starting it.

        Args:
            bindings: the keys it listens to.
            deliver: told of each press, on a thread of the way's own; it returns at once.
            died: told once, with a sentence for the person, when the way no longer works; not after `close`.
            seconds: how long after its last letter a word that is being spelled waits for the next one.
        """
