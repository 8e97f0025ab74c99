"""What a hotkey tells."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.chord import Chord
from daemon.hotkeys.press import Press


def test_a_press_is_a_fact_and_does_not_change() -> None:
    binding = Binding(Chord.parse("ctrl+alt+k"), "scale_deployment", "request")
    press = Press(binding, True, 12.5, "X11")
    assert press == Press(binding, True, 12.5, "X11") != Press(binding, False, 12.5, "X11")
    with pytest.raises(FrozenInstanceError):
        press.down = False  # type: ignore[misc]  # that is what is tested
