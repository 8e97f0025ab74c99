"""Wake words: what makes DevOS listen while nobody touches a key.

Most of a day is silence, so the networks sleep until the voice detector hears somebody; then they are given the two
seconds before that as well, lest the word's beginning be lost. Each word has a network of its own, either one that
comes with pymicro-wakeword or one that was trained on this machine (`devos wakeword train`).
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from daemon.hearing.frames import FRAME, RATE
from daemon.hearing.training import trained
from daemon.hearing.training.embedding import NoEmbedding
from daemon.hearing.wake_text import without

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["INCLUDED", "NoWakeWords", "UnknownWakeWord", "WakeWords", "without"]

INCLUDED = {
    "hey jarvis": "hey_jarvis",
    "okay nabu": "okay_nabu",
    "alexa": "alexa",
    "hey mycroft": "hey_mycroft",
}
"""The words that need no training → their models in pymicro-wakeword."""

VOICED = 0.3
"""From this probability of speech on, the networks listen."""

PRE_ROLL = 2 * RATE // FRAME
"""Frames before the first voiced one that are kept: two seconds, as much as a trained word looks back."""

STAYS = RATE // FRAME
"""Frames for which the networks go on listening after the last voiced one: a word may end in an unvoiced sound."""

REFRACTORY = 2 * RATE // FRAME
"""Frames after a hit in which nothing is a hit: the networks go on seeing the same word for a while."""

LENIENCY = 3.0
"""How far apart, in logits, sensitivity 0 and 1 put the probability that counts as a hit."""


class UnknownWakeWord(ValueError):
    """There is no such wake word; the message names those there are, and the command that trains others."""


class NoWakeWords(RuntimeError):
    """A word that is known cannot be listened for here; the message says why, and what to do."""


class Network(Protocol):
    """What listens for one or more words."""

    def probabilities(self, samples: NDArray[np.float32]) -> Sequence[float]:
        """How likely it is that each of its words was just said; `samples` are the next frame, shape (512,)."""
        ...

    def reset(self) -> None:
        """Forget what was heard."""
        ...


class WakeWords:
    """Several wake words, listened for at once."""

    def __init__(self, words: Iterable[str], *, sensitivity: float, home: Path) -> None:
        """Load the words' networks.

        Args:
            words: included ones ("hey jarvis") and trained ones ("hey devos").
            sensitivity: 0 is hardly ever woken by mistake, 1 hardly ever deaf, 0.5 what the makers advise.
            home: DEVOS_HOME, where trained words are kept.

        Raises:
            UnknownWakeWord: a word is neither included nor trained.
            NoWakeWords: a library that a word needs does not run on this machine, or a trained word is damaged.
        """
        self.words = tuple(dict.fromkeys(trained.spelled(each) for each in words))
        learnt = [each for each in self.words if each not in INCLUDED]
        for each in learnt:
            if not trained.exists(home, each):
                raise UnknownWakeWord(_unknown(each, home))
        self._networks: list[tuple[Network, list[tuple[str, float]]]] = []
        if included := [each for each in self.words if each in INCLUDED]:
            network = _Included(included)
            self._networks.append((network, [*zip(included, network.cutoffs, strict=True)]))
        if learnt:
            try:
                models = [trained.load(home, each) for each in learnt]
                self._networks.append((trained.Listener(models), [(each.word, each.threshold) for each in models]))
            except (trained.Damaged, NoEmbedding) as problem:
                raise NoWakeWords(str(problem)) from problem
        shift = LENIENCY * (0.5 - sensitivity)
        self._networks = [
            (network, [(word, trained.shifted(cutoff, shift)) for word, cutoff in cutoffs])
            for network, cutoffs in self._networks
        ]
        self._waiting: deque[NDArray[np.float32]] = deque(maxlen=PRE_ROLL)
        self._awake = self._deaf = 0

    def heard(self, samples: NDArray[np.float32], voice: float) -> str | None:
        """Listen to the next frame; the word that was just said, or None.

        Args:
            samples: values from -1 to 1, shape (512,).
            voice: how likely it is that this frame holds speech (`VoiceDetector`).
        """
        self._deaf = max(0, self._deaf - 1)
        if voice >= VOICED:
            self._awake = STAYS
        elif self._awake:
            self._awake -= 1
        self._waiting.append(samples)
        if not self._awake:
            return None
        found = None
        while self._waiting:
            found = self._hit(self._waiting.popleft()) or found
        if found is None or self._deaf:
            return None
        self._deaf = REFRACTORY
        return found

    def reset(self) -> None:
        """Forget everything that was heard."""
        self._waiting.clear()
        self._awake = self._deaf = 0
        for network, _ in self._networks:
            network.reset()

    def _hit(self, samples: NDArray[np.float32]) -> str | None:
        """The word that a frame completes: the surest, where several do."""
        best, margin = None, 0.0
        for network, cutoffs in self._networks:
            for (word, cutoff), probability in zip(cutoffs, network.probabilities(samples), strict=True):
                if probability - cutoff > margin:
                    best, margin = word, probability - cutoff
        return best


class _Included:
    """The words that come with pymicro-wakeword, which share what they make of the sound."""

    def __init__(self, words: Sequence[str]) -> None:
        try:
            from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model

            self._features = MicroWakeWordFeatures()
            self._models = [MicroWakeWord.from_builtin(Model(INCLUDED[each])) for each in words]
        except (ImportError, OSError, RuntimeError, ValueError) as problem:
            raise NoWakeWords(
                f"The wake word {words[0]!r} does not run on this machine ({problem}). "
                'Train one of your own instead: devos wakeword train "hey devos"'
            ) from problem
        self.cutoffs = [float(each.probability_cutoff) for each in self._models]

    def probabilities(self, samples: NDArray[np.float32]) -> Sequence[float]:
        """The highest probability of each word within the frame."""
        import numpy as np

        highest = [0.0] * len(self._models)
        sound = (np.clip(samples, -1, 1) * 32767).astype(np.int16).tobytes()
        for feature in self._features.process_streaming(sound):
            for index, model in enumerate(self._models):
                highest[index] = max(highest[index], model.process_streaming_prob(feature) or 0.0)
        return highest

    def reset(self) -> None:
        self._features.reset()
        for model in self._models:
            model.reset()


def _unknown(word: str, home: Path) -> str:
    known = [*INCLUDED, *trained.words(home)]
    return (
        f"There is no wake word {word!r}. These are known: {', '.join(known)}. "
        f'Another one is trained by: devos wakeword train "{word}"'
    )
