"""Which hotkey is being pressed: told of every key that goes down or up, it says when one is complete.

It knows no keyboard and no clock of its own, and so is the same for X11 and macOS. While nothing is held it remembers
nothing of what is typed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.chord import Modifier
from daemon.hotkeys.press import Press

HELD: Mapping[str, Modifier] = {
    **{f"{name}{side}": name for name in ("ctrl", "alt", "shift", "super") for side in ("", "_l", "_r")}
}
"""The names of the keys that are held, left and right → the modifier they are."""

THIRD_LEVEL = "altgr"
"""The key that writes a third character with every other key; with it held, no keys are a hotkey's."""


class Matcher:
    """The state of the keyboard, as far as hotkeys need it.

    Args:
        bindings: the hotkeys, none of which is another's beginning.
        way: what its presses are said to come from.
        seconds: how long after its last letter a word waits for the next one.
        clock: the time in seconds.
    """

    def __init__(
        self, bindings: Iterable[Binding], way: str, *, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._bindings = tuple(bindings)
        self._way, self._seconds, self._clock = way, seconds, clock
        self._down: set[str] = set()
        self._word: tuple[str, ...] = ()
        self._began: frozenset[Modifier] = frozenset()
        self._last = 0.0
        self._spent = False
        self._talking: Binding | None = None

    @property
    def spelling(self) -> str:
        """The letters so far of the word that is being spelled; "" when none is."""
        return "".join(self._word)

    @property
    def modifiers(self) -> frozenset[Modifier]:
        """The modifiers that are held, on whichever side."""
        return frozenset(HELD[key] for key in self._down if key in HELD)

    def pressed(self, key: str) -> tuple[Press, ...]:
        """A key went down, or repeats itself because it is held.

        Args:
            key: by its name in `chord.KEYS` or `chord.CHARACTERS`, or in `HELD`, or `THIRD_LEVEL`; any other name
                is a key that no hotkey has.

        Returns:
            What was pressed by it.
        """
        if key in self._down:
            return ()
        self._down.add(key)
        if key in HELD or key == THIRD_LEVEL:
            if self._word:
                self._cancel()
            return ()
        if self._spent or THIRD_LEVEL in self._down:
            return ()
        if self._word and (key == "escape" or self._clock() - self._last > self._seconds):
            self._cancel()
            return ()
        return self._follow((*self._word, key))

    def released(self, key: str) -> tuple[Press, ...]:
        """A key went up.

        Returns:
            The end of talking, when it was one of the talk key's.
        """
        if key not in self._down:
            # Its other half was lost, or had another name: nothing that was pressed can be trusted to be down still.
            self._down = {each for each in self._down if each in HELD}
        self._down.discard(key)
        held = self.modifiers
        if self._word and held != self._began:
            self._cancel()
        if not held:
            self._spent = False
        talking = self._talking
        if talking and (not talking.chord.modifiers <= held or talking.chord.keys[-1] not in self._down):
            self._talking = None
            return (self._press(talking, down=False),)
        return ()

    def reset(self) -> tuple[Press, ...]:
        """Forget what is held, because what comes next may not follow what came before.

        Returns:
            The end of talking, when the talk key was held.
        """
        talking, self._talking = self._talking, None
        self._down.clear()
        self._word, self._spent = (), False
        return (self._press(talking, down=False),) if talking else ()

    def _follow(self, keys: tuple[str, ...]) -> tuple[Press, ...]:
        """Go on from the keys pressed so far with these modifiers: done, one further, or nobody's."""
        held = self.modifiers
        for each in self._bindings:
            if each.chord.modifiers == held and each.chord.keys[: len(keys)] == keys:
                if len(each.chord.keys) > len(keys):
                    self._word, self._began, self._last = keys, held, self._clock()
                    return ()
                # What is typed on after a word, with its modifiers still held, is no further hotkey.
                self._word, self._spent = (), each.chord.is_word
                if each.kind == "talk":
                    self._talking = each
                return (self._press(each, down=True),)
        if self._word:
            self._cancel()
        return ()

    def _cancel(self) -> None:
        """Give the word up; until all modifiers are released, nothing is a hotkey."""
        self._word, self._spent = (), True

    def _press(self, binding: Binding, *, down: bool) -> Press:
        return Press(binding, down, self._clock(), self._way)
