"""What a conversation needs of the rest of DevOS: who understands and carries out, who speaks, who listens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from daemon.hearing.heard import Why
    from daemon.hearing.utterance import Utterance
    from intents.understanding.understand import NotUnderstood, Understood
    from policies.action import Json

Earcon: TypeAlias = Literal["listening", "understood", "waiting", "done", "failed"]


class House(Protocol):
    """Who understands requests and carries them out."""

    async def understand(
        self, utterance: Utterance, chosen: str | None, known: Mapping[str, Json]
    ) -> Understood | NotUnderstood:
        """Understand a sentence, or, with a request's name and an empty text, see what that request lacks.

        As `Understanding.understand` does; a sentence that names something unknown is tried again with fresh names.
        """

    async def start(self, utterance: Utterance, understood: Understood, asked_from: Sequence[str] = ()) -> str:
        """Start a run; its id. `asked_from` are the programs that asked for it, where it was no keyboard and no voice.

        Raises:
            CannotRecord: it could not be recorded, and was not started.
        """

    def follow(self, run: str) -> AsyncIterator[dict[str, Any]]:
        """The run's JSON, now and after every change, until it has ended."""

    async def cancel(self, run: str) -> bool:
        """Let a run take no further step, in this person's name, by way of "voice". False when it had ended."""

    async def running(self) -> Sequence[dict[str, Any]]:
        """The JSON of the runs that have not ended, newest first, however they were asked for."""

    async def freeze(self) -> None:
        """Stop every change at once, and record that, as `devos freeze` does."""


class Mouth(Protocol):
    """Who speaks."""

    @property
    def speaking(self) -> bool:
        """Whether something is being said."""

    @property
    def aloud(self) -> bool:
        """Whether what is said now would be heard, and not only shown, or dropped."""

    async def say(self, text: str, *, secret: bool = False) -> bool:
        """Say it after what is being said; cancelled, it is cut off.

        Args:
            text: what to say.
            secret: it is heard or nothing: never shown, logged or kept.

        Returns:
            Whether it was said aloud to its end, so that its last sample has been played.
        """

    def hush(self) -> None:
        """Fall silent at once and forget what was still to be said."""

    def sound(self, name: Earcon) -> None:
        """Play a short sound."""

    def is_own(self, samples: NDArray[np.float32], began: float, ended: float) -> bool:
        """Whether this sound is DevOS's own output, as the microphone heard it."""


class Listening(Protocol):
    """Who listens."""

    @property
    def status(self) -> str:
        """What it does: "off", "muted", "waiting for the wake word", "listening" or "transcribing"."""

    def listen(self, why: Why, *, hold: bool = False, patience: float = 6.0, prompt: str | None = None) -> None:
        """Listen for one sentence, which ends as a Sentence or as Nothing."""

    def finish(self) -> None:
        """The sentence is over, says its speaker."""

    def abandon(self) -> None:
        """Forget what is being said."""

    def mute(self, on: bool) -> None:
        """Close the microphone to everything, or open it again."""
