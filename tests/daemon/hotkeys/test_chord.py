"""Keys as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.hotkeys.chord import CHARACTERS, KEYS, ORDER, BadChord, Chord


@pytest.mark.parametrize(
    ("text", "canonical", "keys"),
    [
        ("ctrl+alt+k", "ctrl+alt+k", ["k"]),
        ("Alt + Ctrl + K", "ctrl+alt+k", ["k"]),
        ("ctrl+alt+Deploy", "ctrl+alt+deploy", list("deploy")),
        ("Control+Option+shift+F", "ctrl+alt+shift+f", ["f"]),
        ("ctrl+alt+space", "ctrl+alt+space", ["space"]),
        ("cmd+F5", "super+f5", ["f5"]),
        ("win+return", "super+enter", ["enter"]),
        ("ctrl+esc", "ctrl+escape", ["escape"]),
        ("pause", "pause", ["pause"]),
        ("f13", "f13", ["f13"]),
        ("shift+insert", "shift+insert", ["insert"]),
        ("ctrl+alt+k8s", "ctrl+alt+k8s", list("k8s")),
        ("ctrl+ctrl+k", "ctrl+k", ["k"]),
        ("ctrl+.", "ctrl+.", ["."]),
    ],
)
def test_is_read_and_written_in_one_way(text: str, canonical: str, keys: list[str]) -> None:
    chord = Chord.parse(text)
    assert (chord.text, str(chord), list(chord.keys)) == (canonical, canonical, keys)
    assert chord.is_word is (len(keys) > 1)


def test_a_name_of_a_key_is_that_key_and_can_be_spelled_all_the_same() -> None:
    key, word = Chord.parse("ctrl+alt+up"), Chord.parse("ctrl+alt+u+p")
    assert (key.keys, word.keys) == (("up",), ("u", "p"))
    assert word.text == "ctrl+alt+u+p" and Chord.parse(word.text) == word
    assert key.described == "hold Ctrl+Alt and press the Up key"
    assert word.described == "hold Ctrl+Alt and spell u-p"
    assert Chord.parse("f9").described == "press the F9 key"
    assert Chord.parse("ctrl+k").described == "hold Ctrl and press K"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it names no key"),
        (" + ", "it names no key"),
        ("ctrl++k", "nothing before, after or between"),
        ("ctrl+k+", "nothing before, after or between"),
        ("ctrl+alt", "modifiers only"),
        ("k", "taken away from everything that is typed"),
        ("shift+k", "taken away from everything that is typed"),
        ("shift+deploy", "taken away from everything that is typed"),
        ("space", "taken away from everything that is typed"),
        ("f99", "there is no key F99"),
        ("ctrl+k+alt", "'alt' is held and so has to come before"),
        ("ctrl+foo+k", "'foo' is a whole word; only modifiers"),
        ("ctrl+tab+k", "'tab' is a key of its own; only modifiers"),
        ("ctrl+k+ö", "'ö' is no key that every keyboard has"),
        ("ctrl+ö", "'ö' is neither a key nor a word"),
        ("ctrl+dé", "'dé' is neither a key nor a word"),
        ("ctrl+de ploy", "'de ploy' is neither a key nor a word"),
        ("altgr+k", "AltGr writes characters"),
        ("altgr", "AltGr writes characters"),
        ("ctrl+altgr+k", "AltGr writes characters"),
        ("ctrl_l+k", "left and right are the same here; write 'ctrl'"),
        ("ctrl+alt_r", "left and right are the same here; write 'alt'"),
        ("ctrl+capslock", "capslock changes what all other keys do"),
        ("<ctrl>+k", "'<ctrl>' is a whole word"),
    ],
)
def test_what_is_no_hotkey_is_told_why_and_shown_a_right_one(text: str, why: str) -> None:
    with pytest.raises(BadChord) as caught:
        Chord.parse(text)
    assert why in str(caught.value)
    assert repr(text) in str(caught.value) and '"ctrl+alt+k"' in str(caught.value)


def test_one_begins_another_with_the_same_modifiers_only() -> None:
    d, deploy, deps = (Chord.parse(f"ctrl+alt+{word}") for word in ("d", "deploy", "deps"))
    assert d.begins(deploy) and deploy.begins(deploy)
    assert not deploy.begins(d) and not deps.begins(deploy)
    assert not Chord.parse("ctrl+d").begins(deploy)


@given(
    st.sets(st.sampled_from(ORDER), min_size=1),
    st.one_of(
        st.sampled_from(sorted(set(KEYS.values()))).map(lambda key: (key,)),
        st.lists(st.sampled_from(CHARACTERS), min_size=1, max_size=8).map(tuple),
    ),
)
def test_what_is_written_is_read_back(modifiers: set[str], keys: tuple[str, ...]) -> None:
    chord = Chord(frozenset(modifiers | {"ctrl"}), keys)  # type: ignore[arg-type]  # they are modifiers
    assert Chord.parse(chord.text) == chord


@given(st.text(max_size=30))
def test_nothing_but_a_chord_or_a_reason_comes_of_any_text(text: str) -> None:
    try:
        chord = Chord.parse(text)
    except BadChord as bad:
        assert str(bad)
    else:
        assert Chord.parse(chord.text) == chord
