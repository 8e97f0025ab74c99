"""Keys that go down and up, and what they come to."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.chord import Chord
from daemon.hotkeys.matcher import Matcher


class Keyboard:
    """Keys pressed one after the other on a clock of the test's own; `+k` goes down, `-k` goes up, `k` does both."""

    def __init__(self) -> None:
        self.now = 100.0
        keys = {
            "talk": "ctrl+alt+space",
            "mute": "ctrl+alt+m",
            "scale": "ctrl+alt+k",
            "freeze": "ctrl+alt+shift+f",
            "deploy": "ctrl+alt+deploy",
            "deps": "ctrl+alt+deps",
            "access": "ctrl+alt+access",
            "help": "f1",
        }
        kinds = ("talk", "mute", "freeze")
        self.matcher = Matcher(
            [Binding(Chord.parse(text), name, name if name in kinds else "request") for name, text in keys.items()],  # type: ignore[arg-type]  # one of the kinds
            "test",
            seconds=2.0,
            clock=lambda: self.now,
        )

    def type(self, keys: str) -> list[str]:
        presses = []
        for key in keys.split():
            if not key.startswith("-"):
                presses += self.matcher.pressed(key.removeprefix("+"))
            if not key.startswith("+"):
                presses += self.matcher.released(key.removeprefix("-"))
        assert all(each.way == "test" and each.at == self.now for each in presses)
        return [f"{each.binding.name}{'' if each.down else ' up'}" for each in presses]


@pytest.fixture
def keyboard() -> Keyboard:
    return Keyboard()


HOLD, LET = "+ctrl_l +alt_l ", " -alt_l -ctrl_l"


@pytest.mark.parametrize(
    ("keys", "presses"),
    [
        (HOLD + "k" + LET, ["scale"]),
        ("+ctrl_r +alt_l k", ["scale"]),
        ("+ctrl +alt k", ["scale"]),
        ("f1", ["help"]),
        ("k", []),
        ("+ctrl_l k", []),
        (HOLD + "+shift_l k", []),
        (HOLD + "+super_l k", []),
        (HOLD + "f", []),
        (HOLD + "+shift_r f", ["freeze"]),
        ("+k +ctrl_l +alt_l -k", []),
        ("+altgr +ctrl_l +alt_l k", []),
        (HOLD + "+altgr -altgr k", ["scale"]),
        (HOLD + "k k", ["scale", "scale"]),
        (HOLD + "k m", ["scale", "mute"]),
        (HOLD + "x k", ["scale"]),
        (HOLD + "+k +k +k +k -k", ["scale"]),
        ("+ctrl_l +ctrl_r +alt_l -ctrl_r k", ["scale"]),
        ("+ctrl_l +alt_l -ctrl_l k", []),
    ],
)
def test_a_plain_chord(keyboard: Keyboard, keys: str, presses: list[str]) -> None:
    assert keyboard.type(keys) == presses


@pytest.mark.parametrize(
    ("keys", "presses"),
    [
        (HOLD + "d e p l o y" + LET, ["deploy"]),
        (HOLD + "d e p s", ["deps"]),
        (HOLD + "a c c e s s", ["access"]),
        (HOLD + "+d +e -d +p -e +l -p +o -l +y -o", ["deploy"]),
        (HOLD + "+d +d +d e p +s", ["deps"]),
        (HOLD + "d e p -alt_l +alt_l l o y", []),
        (HOLD + "d e p" + LET + " l o y", []),
        (HOLD + "d e" + LET + " " + HOLD + "p l o y", []),
        (HOLD + "d e" + LET + " " + HOLD + "d e p s", ["deps"]),
        (HOLD + "d e escape p s", []),
        (HOLD + "d e escape d e p s k", []),
        (HOLD + "d e escape" + LET + " " + HOLD + "k", ["scale"]),
        (HOLD + "d e x p s", []),
        (HOLD + "d e x k", []),
        (HOLD + "d e m", []),
        (HOLD + "d e p #99 s", []),
        (HOLD + "d e +shift_l -shift_l p s", []),
        (HOLD + "d e +altgr -altgr p s", []),
        (HOLD + "d e p l o y k", ["deploy"]),
        (HOLD + "d e p l o y" + LET + " " + HOLD + "k", ["deploy", "scale"]),
        (HOLD + "d e p l o y -ctrl_l +ctrl_l k", ["deploy"]),
        (HOLD + "x d e p s", ["deps"]),
    ],
)
def test_a_word(keyboard: Keyboard, keys: str, presses: list[str]) -> None:
    assert keyboard.type(keys) == presses


def test_a_word_waits_for_its_next_letter_and_not_longer(keyboard: Keyboard) -> None:
    keyboard.type(HOLD)
    for letter in "depl":
        keyboard.type(letter)
        keyboard.now += 2.0
    assert keyboard.matcher.spelling == "depl"
    assert keyboard.type("o") == [] and keyboard.type("y") == ["deploy"]
    keyboard.type(LET + " " + HOLD + "d e")
    keyboard.now += 2.01
    assert keyboard.type("p s k d e p s") == [] and keyboard.matcher.spelling == ""
    assert keyboard.type(LET + " " + HOLD + "d e p s") == ["deps"]


@pytest.mark.parametrize("order", list(permutations(["-ctrl_l", "-alt_l", "-space"])))
def test_talking_ends_once_with_whichever_part_is_let_go_of_first(keyboard: Keyboard, order: tuple[str, ...]) -> None:
    assert keyboard.type(HOLD + "+space +space +space") == ["talk"]
    assert keyboard.type(order[0]) == ["talk up"]
    assert keyboard.type(" ".join(order[1:])) == []


def test_talking_goes_on_while_other_keys_come_and_go(keyboard: Keyboard) -> None:
    assert keyboard.type(HOLD + "+space +shift_l -shift_l x +ctrl_r -ctrl_l") == ["talk"]
    assert keyboard.type("-ctrl_r") == ["talk up"]


def test_a_reset_lets_go_of_everything(keyboard: Keyboard) -> None:
    keyboard.type(HOLD + "+space")
    assert [each.down for each in keyboard.matcher.reset()] == [False]
    assert not keyboard.matcher.reset() and not keyboard.matcher.modifiers
    assert keyboard.type("k") == [] and keyboard.type(HOLD + "k") == ["scale"]


def test_a_key_whose_release_was_lost_is_not_taken_for_one_that_repeats_itself(keyboard: Keyboard) -> None:
    keyboard.type("+k -exclam")
    assert keyboard.type(HOLD + "k") == ["scale"]


@given(
    st.lists(st.tuples(st.sampled_from(["ctrl_l", "ctrl_r", "alt_l", "shift_l", "space", *"depskx"]), st.booleans()))
)
def test_whatever_is_typed_talking_begins_and_ends_in_turn_and_without_modifiers_nothing_is_pressed(
    events: list[tuple[str, bool]],
) -> None:
    keyboard, talking = Keyboard(), False
    for key, down in events:
        held = keyboard.matcher.modifiers
        for press in keyboard.matcher.pressed(key) if down else keyboard.matcher.released(key):
            if press.binding.kind == "talk":
                assert press.down is not talking
                talking = press.down
            else:
                assert press.down
            if press.down:
                assert held == press.binding.chord.modifiers and key == press.binding.chord.keys[-1]
    assert len(keyboard.matcher.reset()) == talking
