"""Keyboards as a real X server describes them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from virtual_screen import VirtualScreen

from daemon.hotkeys.chord import Chord
from daemon.hotkeys.display import connect, leave
from daemon.hotkeys.keyboard import Keyboard

A, D, K, ONE, MINUS, LEFT_ALT, RIGHT_ALT, SHIFT = 38, 40, 45, 10, 20, 64, 108, 50
"""Keycodes of a PC's keyboard, by what the American layout writes on them."""


def read(screen: VirtualScreen, layout: str) -> Keyboard:
    screen.layout(layout)
    display = connect()
    try:
        return Keyboard.read(display)
    finally:
        leave(display)


@pytest.fixture
def changed(screen: VirtualScreen) -> Iterator[VirtualScreen]:
    yield screen
    screen.layout("us")


def test_an_american_one(changed: VirtualScreen) -> None:
    keyboard = read(changed, "us")
    assert [keyboard.name(code) for code in (A, D, K, ONE, MINUS)] == ["a", "d", "k", "1", "-"]
    assert [keyboard.name(code) for code in (SHIFT, LEFT_ALT, RIGHT_ALT)] == ["shift_l", "alt_l", "alt_r"]
    assert keyboard.name(255) == "#255" and keyboard.codes("k") == [K]
    chord = Chord.parse("ctrl+alt+k")
    assert not keyboard.lacks(chord) and keyboard.mask(chord) == 4 | 8


def test_locks_do_not_matter_in_any_combination(changed: VirtualScreen) -> None:
    keyboard = read(changed, "us")
    variants = keyboard.variants(12)
    assert len(variants) == len(set(variants)) == 2 ** len(keyboard.locks) >= 4
    assert all(each & keyboard.relevant == 12 for each in variants)


def test_a_german_one_has_letters_elsewhere_and_no_second_alt_key(changed: VirtualScreen) -> None:
    keyboard = read(changed, "de")
    assert keyboard.codes("y") == [52] and keyboard.codes("z") == [29]
    assert keyboard.name(RIGHT_ALT) == "altgr"
    assert keyboard.lacks(Chord.parse("ctrl+alt+/")) == ["/"]


def test_digits_that_need_shift_to_be_written_are_their_keys(changed: VirtualScreen) -> None:
    keyboard = read(changed, "fr")
    assert keyboard.codes("1") == [ONE] and keyboard.codes("a") == [24]


@pytest.mark.parametrize("layout", ["us,ru", "ru,us"])
def test_where_there_are_two_layouts_the_latin_one_counts(changed: VirtualScreen, layout: str) -> None:
    keyboard = read(changed, layout)
    assert [keyboard.name(code) for code in (A, D, K)] == ["a", "d", "k"]


def test_one_without_latin_letters_says_what_it_lacks(changed: VirtualScreen) -> None:
    keyboard = read(changed, "ru")
    assert keyboard.lacks(Chord.parse("ctrl+alt+add")) == ["a", "d"]
    assert not keyboard.lacks(Chord.parse("ctrl+alt+space"))
