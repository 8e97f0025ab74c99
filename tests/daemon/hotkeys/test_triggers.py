"""Words on desktops that bind single keys."""

from __future__ import annotations

import pytest

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.chord import CHARACTERS, KEYS, Chord
from daemon.hotkeys.triggers import keysym, triggers_of


def request(keys: str, name: str) -> Binding:
    return Binding(Chord.parse(keys), name, "request")


def test_a_single_key_is_itself() -> None:
    scale = request("ctrl+alt+k", "scale_deployment")
    (only,) = triggers_of([scale])
    assert (only.chord, only.meant, only.id) == (scale.chord, scale, "scale_deployment")
    assert only.describe({"scale_deployment": "Scales it."}) == "Scales it."
    assert only.describe({}) == "Scale deployment"


def test_a_word_is_its_first_letter() -> None:
    deploy = request("ctrl+alt+deploy", "deploy_service")
    (only,) = triggers_of([deploy])
    assert (only.chord, only.meant) == (Chord.parse("ctrl+alt+d"), deploy)


def test_words_that_begin_alike_open_the_microphone() -> None:
    audit, alerts = request("ctrl+alt+audit", "audit"), request("ctrl+alt+alerts", "list_alerts")
    other = request("ctrl+shift+apply", "apply_patch")
    both, alone = triggers_of([audit, other, alerts])[0], triggers_of([audit, other, alerts])[1]
    assert both.bindings == (audit, alerts) and alone.meant == other
    assert both.meant == Binding(Chord.parse("ctrl+alt+a"), "talk", "talk")
    assert both.id == "words_alt_ctrl_a" and both.describe({}) == "Talk, and say one of: audit, list alerts"


def test_ids_are_different() -> None:
    found = triggers_of(
        [request(f"{held}+{word}", f"{held}_{word}") for held in ("ctrl", "alt") for word in ("on", "off", "in")]
    )
    assert len({each.id for each in found}) == len(found) == 4


def test_the_keys_of_devos_itself_say_what_they_do() -> None:
    (freeze,) = triggers_of([Binding(Chord.parse("ctrl+alt+f"), "freeze", "freeze")])
    assert freeze.describe({}) == "Stop every change at once"


@pytest.mark.parametrize("key", [*CHARACTERS, *sorted(set(KEYS.values()))])
def test_every_key_has_a_name_in_xkbcommon(key: str) -> None:
    from Xlib.XK import load_keysym_group, string_to_keysym

    load_keysym_group("latin1")
    load_keysym_group("miscellany")
    assert string_to_keysym(keysym(key)), "the names of X11, which are those of xkbcommon"
