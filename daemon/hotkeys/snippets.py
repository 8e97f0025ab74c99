"""Ready configuration that lets a desktop press the hotkeys itself, by `devos press NAME`.

For desktops without a portal for shortcuts, and for who prefers to see all keys in one place. Sway and Hyprland can
spell words, by modes that follow one another letter by letter; GNOME and KDE bind a word's first letter
(`daemon.hotkeys.triggers`), and have no way to tell when a key is let go of: there, the talk key is pressed once to
begin and once more to end.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from daemon.hotkeys.bindings import Binding
from daemon.hotkeys.chord import ORDER, Chord, Modifier
from daemon.hotkeys.program import in_entry
from daemon.hotkeys.triggers import keysym, triggers_of

HOWEVER = "talk is pressed once to begin and once more to end, since this desktop does not tell when a key is let go of"


@dataclass(frozen=True)
class Wanted:
    """What is to be bound."""

    bindings: tuple[Binding, ...]
    command: tuple[str, ...]
    """The `devos` command by its full path."""
    summaries: Mapping[str, str]
    """Request → what it does, in one line."""

    def press(self, name: str, *more: str) -> tuple[str, ...]:
        """The command that presses what has this name."""
        return (*self.command, "press", name, *more)

    def singles(self) -> Iterator[tuple[str, Chord, str, str]]:
        """For desktops that bind single keys: an id, the key, the name to press, and what it does."""
        talks = any(each.name == "talk" for each in self.bindings)
        for each in triggers_of(self.bindings):
            if len(each.bindings) == 1 or talks:
                yield each.id.replace("_", "-"), each.chord, each.meant.name, each.describe(self.summaries)


def snippet(
    desktop: str, bindings: Sequence[Binding], command: tuple[str, ...], summaries: Mapping[str, str], *, hold: bool
) -> str:
    """The configuration that binds every hotkey.

    Args:
        desktop: one of `DESKTOPS`.
        bindings: the hotkeys.
        command: the `devos` command by its full path, as `daemon.hotkeys.program.program` finds it.
        summaries: request → what it does, in one line.
        hold: whether the talk key is held while speaking, where the desktop can tell when it is let go of.
    """
    lines = DESKTOPS[desktop](Wanted(tuple(bindings), command, summaries), hold)
    return "\n".join(lines) + "\n"


def _gnome(wanted: Wanted, hold: bool) -> Iterator[str]:
    """Commands for a shell, which add to the list of custom shortcuts, and may be given again."""
    yield "# GNOME: run this in a terminal; it keeps the shortcuts that are there already."
    yield from [f"# {HOWEVER[0].upper()}{HOWEVER[1:]}."] if hold else []
    yield "schema=org.gnome.settings-daemon.plugins.media-keys"
    yield "devos_key() {"
    yield '    path="/org/gnome/settings-daemon/plugins/media-keys/custom-keybindings/devos-$1/"'
    yield "    list=$(gsettings get $schema custom-keybindings)"
    yield '    case "$list" in'
    yield """        *"'$path'"*) ;;"""
    yield """        "@as []" | "[]") gsettings set $schema custom-keybindings "['$path']" ;;"""
    yield """        *) gsettings set $schema custom-keybindings "${list%]}, '$path']" ;;"""
    yield "    esac"
    for number, field in enumerate(("name", "binding", "command"), 2):
        yield f'    gsettings set "$schema.custom-keybinding:$path" {field} "${number}"'
    yield "}"
    for id_, chord, name, does in wanted.singles():
        held = "".join(f"<{GNOME[each]}>" for each in ORDER if each in chord.modifiers)
        words = (id_, f"DevOS: {does}", held + keysym(chord.keys[0]), shlex.join(wanted.press(name)))
        yield shlex.join(("devos_key", *words))


def _kde(wanted: Wanted, hold: bool) -> Iterator[str]:
    """Commands for a shell, which write the one file that Plasma 5 and 6 both read at login."""
    actions = [each for each in wanted.singles() if each[1].keys[0] != ","]
    yield "# KDE Plasma: run this in a terminal, then log out and in again."
    yield "# System Settings → Shortcuts shows the keys under DevOS, where they can be changed."
    yield from [f"# {HOWEVER[0].upper()}{HOWEVER[1:]}."] if hold else []
    for each in wanted.bindings:
        if each.chord.keys[0] == ",":
            yield f"# {each.name}: Plasma's file cannot name the comma key; set it in System Settings."
    yield 'folder="${XDG_DATA_HOME:-$HOME/.local/share}/kglobalaccel"'
    yield 'mkdir -p "$folder"'
    yield """cat > "$folder/dev.devos.Keys.desktop" <<'END'"""
    yield "[Desktop Entry]"
    yield "Type=Application"
    yield "Name=DevOS"
    yield f"Exec={in_entry((*wanted.command, 'open'))}"
    yield f"Actions={''.join(f'{id_};' for id_, *_ in actions)}"
    for id_, chord, name, does in actions:
        yield ""
        yield f"[Desktop Action {id_}]"
        yield f"Name={does}"
        yield f"Exec={in_entry(wanted.press(name))}"
        yield f"X-KDE-Shortcuts={'+'.join([*_held(chord, KDE), _qt(chord.keys[0])])}"
    yield "END"
    yield 'chmod +x "$folder/dev.devos.Keys.desktop"'


def _sway(wanted: Wanted, hold: bool) -> Iterator[str]:
    """Lines of Sway's configuration; a word is spelled through one mode for each of its letters."""

    def run(*words: str) -> str:
        return f"exec {shlex.join(words)}".replace("$", "$$")

    def keys(chord: Chord) -> str:
        return "+".join([*_held(chord, SWAY), keysym(chord.keys[0])])

    yield "# Sway: add this to ~/.config/sway/config, then run `swaymsg reload`."
    yield "# A word is spelled while its modifiers are held, or after; Escape leaves it."
    for each in wanted.bindings:
        if not each.chord.is_word:
            yield f"bindsym --no-repeat {keys(each.chord)} {run(*wanted.press(each.name))}"
            if each.kind == "talk" and hold:
                yield f"bindsym --release {keys(each.chord)} {run(*wanted.press(each.name, '--release'))}"
    for chord, steps in _steps(wanted.bindings):
        at = _mode(chord)
        if len(chord.keys) == 1:
            yield f'bindsym --no-repeat {keys(chord)} mode "{at}"'
        yield f'mode "{at}" {{'
        for key, done in steps:
            then = f'mode "default"; {run(*wanted.press(done))}' if done else f'mode "{_mode(_longer(chord, key))}"'
            for held in (chord.modifiers, frozenset[Modifier]()):
                yield f"    bindsym --no-repeat {keys(Chord(held, (key,)))} {then}"
        for held in (chord.modifiers, frozenset[Modifier]()):
            yield f'    bindsym {keys(Chord(held, ("escape",)))} mode "default"'
        yield "}"


def _hyprland(wanted: Wanted, hold: bool) -> Iterator[str]:
    """Lines of Hyprland's configuration; a word is spelled through one submap for each of its letters."""

    def run(*words: str) -> str:
        return f"exec, {shlex.join(words)}".replace("#", "##")

    def keys(modifiers: frozenset[Modifier], key: str) -> str:
        return f"{' '.join(_held(Chord(modifiers, (key,)), HYPRLAND))}, {keysym(key)}"

    yield "# Hyprland: add this to ~/.config/hypr/hyprland.conf."
    yield "# A word is spelled while its modifiers are held, or after; Escape leaves it."
    for each in wanted.bindings:
        if not each.chord.is_word:
            pressed = keys(each.chord.modifiers, each.chord.keys[0])
            yield f"bind = {pressed}, {run(*wanted.press(each.name))}"
            if each.kind == "talk" and hold:
                yield f"bindr = {pressed}, {run(*wanted.press(each.name, '--release'))}"
    for chord, steps in _steps(wanted.bindings):
        at = _mode(chord)
        if len(chord.keys) == 1:
            yield f"bind = {keys(chord.modifiers, chord.keys[0])}, submap, {at}"
        yield f"submap = {at}"
        for held in (chord.modifiers, frozenset[Modifier]()):
            for key, done in steps:
                if done:
                    yield f"bind = {keys(held, key)}, {run(*wanted.press(done))}"
                yield f"bind = {keys(held, key)}, submap, {'reset' if done else _mode(_longer(chord, key))}"
            yield f"bind = {keys(held, 'escape')}, submap, reset"
        yield "submap = reset"


DESKTOPS: Mapping[str, Callable[[Wanted, bool], Iterable[str]]] = {
    "gnome": _gnome,
    "kde": _kde,
    "sway": _sway,
    "hyprland": _hyprland,
}
"""What there are snippets for."""

GNOME: Mapping[str, str] = {"ctrl": "Control", "alt": "Alt", "shift": "Shift", "super": "Super"}
KDE: Mapping[str, str] = {"ctrl": "Ctrl", "alt": "Alt", "shift": "Shift", "super": "Meta"}
SWAY: Mapping[str, str] = {"ctrl": "Ctrl", "alt": "Alt", "shift": "Shift", "super": "Mod4"}
HYPRLAND: Mapping[str, str] = {"ctrl": "CTRL", "alt": "ALT", "shift": "SHIFT", "super": "SUPER"}
"""A modifier here → there."""

QT: Mapping[str, str] = {
    "enter": "Return",
    "escape": "Esc",
    "delete": "Del",
    "insert": "Ins",
    "pageup": "PgUp",
    "pagedown": "PgDown",
    "\\": "\\\\",
}
"""The name of a key here → in Qt, as a desktop entry has it, where that is not the same with a capital."""


def _steps(bindings: Iterable[Binding]) -> Iterator[tuple[Chord, list[tuple[str, str]]]]:
    """Every beginning of a word, and for each key that may follow: the key, and the name of what is then complete."""
    after: dict[Chord, dict[str, str]] = {}
    for each in bindings:
        for length in range(1, len(each.chord.keys)):
            follows = after.setdefault(Chord(each.chord.modifiers, each.chord.keys[:length]), {})
            follows[each.chord.keys[length]] = each.name if length + 1 == len(each.chord.keys) else ""
    for chord, follows in after.items():
        yield chord, list(follows.items())


def _longer(chord: Chord, key: str) -> Chord:
    return Chord(chord.modifiers, (*chord.keys, key))


def _mode(chord: Chord) -> str:
    """The name of the mode in which these keys have been pressed."""
    return "-".join(
        ["devos", *_held(chord, {each: each for each in ORDER}), "".join(keysym(key) for key in chord.keys)]
    )


def _held(chord: Chord, names: Mapping[str, str]) -> list[str]:
    return [names[each] for each in ORDER if each in chord.modifiers]


def _qt(key: str) -> str:
    return QT.get(key) or key.capitalize()
