"""The ear as the conversation uses it: it remembers which of its answers belong to what was asked of it last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.conversation.house import Listening

if TYPE_CHECKING:
    from daemon.hearing.heard import Why


class Attention:
    """An ear whose turns that were given up for another one are told from those that ended by themselves.

    Whoever asks an ear to listen gives up what it was listening to, and that is told as Nothing as well: it is not that
    nobody answered.
    """

    def __init__(self, ear: Listening) -> None:
        self._ear = ear
        self._given_up = 0
        self._held = False
        self.listening = False
        """Whether somebody is being listened to."""

    @property
    def status(self) -> str:
        """What the ear does."""
        return self._ear.status

    def listen(self, why: Why, *, hold: bool = False, patience: float = 6.0, prompt: str | None = None) -> None:
        """Listen for one sentence, whatever was listened to before."""
        tapped = self._held and not hold and why == "key"  # what was said under the key stands
        self._give_up(unless=tapped)
        self.listening, self._held = True, hold
        self._ear.listen(why, hold=hold, patience=patience, prompt=prompt)

    def woken(self) -> None:
        """The ear began to listen by itself; where it was asked to listen meanwhile, it has given that up already."""
        if self.listening:
            self._given_up += 1
        else:
            self.listening, self._held = True, False

    def over(self) -> bool:
        """The ear told of an end; whether it is that of what was asked last."""
        if self._given_up:
            self._given_up -= 1
            return False
        self.listening = self._held = False
        return True

    def finish(self) -> None:
        """The sentence is over, says its speaker."""
        self._ear.finish()

    def abandon(self) -> None:
        """Forget what is being said."""
        self._give_up()
        self._ear.abandon()

    def mute(self, on: bool) -> None:
        """Close the microphone to everything, or open it again."""
        self._ear.mute(on)

    def _give_up(self, *, unless: bool = False) -> None:
        if self.listening and not unless:
            self._given_up += 1
        self.listening = self._held = False
