"""Which keys stand for what: the four keys of DevOS itself, and those of the requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import combinations
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from daemon.hotkeys.chord import BadChord, Chord

if TYPE_CHECKING:
    from daemon.sense_sections import Hotkeys
    from intents.intent import Intent

Own: TypeAlias = Literal["talk", "mute", "stop", "freeze"]
Kind: TypeAlias = Literal["talk", "mute", "stop", "freeze", "request"]

OWN: tuple[Own, ...] = ("talk", "mute", "stop", "freeze")
"""The keys that are no request's."""


class BadBindings(ValueError):
    """Keys are written wrongly, belong to nothing, or cannot be told apart; the message has a line for each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(*self.problems)

    def __str__(self) -> str:
        return "\n".join(self.problems)


@dataclass(frozen=True)
class Binding:
    """Keys, and what they stand for."""

    chord: Chord
    name: str
    """The request's name, "scale_deployment", or that of its kind, "talk"."""
    kind: Kind


def bindings_of(settings: Hotkeys, intents: Iterable[Intent]) -> tuple[Binding, ...]:
    """All keys, as the settings and the requests have them: those of DevOS first, then the requests' by name.

    Args:
        settings: section [hotkeys]; `requests` there goes before the requests' own keys, and an empty text is no key.
        intents: the requests that there are.

    Raises:
        BadBindings: with every fault at once: keys that are none, a name that is no request, the same keys twice,
            and keys that are the beginning of others.
    """
    problems: list[str] = []
    own: dict[str, str] = {kind: getattr(settings, kind) for kind in OWN}
    requests = {each.name: each.hotkey or "" for each in intents}
    problems.extend(_strangers(settings.requests, requests))
    chosen = {name: settings.requests.get(name, keys) for name, keys in requests.items()}

    def read(wanted: Mapping[str, str], where: Callable[[str], str]) -> Iterator[tuple[str, Chord]]:
        for name, keys in wanted.items():
            if keys.strip():
                try:
                    yield name, Chord.parse(keys)
                except BadChord as bad:
                    problems.append(f"{where(name)}: {bad}")

    bound = [Binding(chord, name, cast(Kind, name)) for name, chord in read(own, lambda name: f"hotkeys.{name}")]
    bound += [
        Binding(chord, name, "request")
        for name, chord in read(dict(sorted(chosen.items())), lambda name: f"hotkeys.requests.{name}")
    ]
    problems.extend(_confusions(bound))
    if problems:
        raise BadBindings(problems)
    return tuple(bound)


def _strangers(wanted: Mapping[str, str], requests: Mapping[str, str]) -> Iterator[str]:
    """What is said of names in the settings that no request has."""
    for name in wanted:
        if name in requests:
            continue
        if name in OWN:
            yield f"hotkeys.requests.{name}: {name} is no request; its keys are set as hotkeys.{name}."
            continue
        near = get_close_matches(name, requests, 1, 0.5)
        instead = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(sorted(requests)) or 'none'}."
        yield f"hotkeys.requests.{name}: there is no request {name!r}. {instead}"


def _confusions(bound: Iterable[Binding]) -> Iterator[str]:
    """What is said of keys that cannot be told apart."""
    for one, other in combinations(bound, 2):
        if one.chord == other.chord:
            yield (
                f"{_named(one)} and {_named(other)} have the same keys, {one.chord}. "
                f"Give one of them others: {_setting(other)}."
            )
            continue
        short, long = (one, other) if len(one.chord.keys) < len(other.chord.keys) else (other, one)
        if short.chord.begins(long.chord):
            yield (
                f"The keys of {_named(short)}, {short.chord}, are the beginning of those of {_named(long)}, "
                f"{long.chord}, which could never be finished. Give one of them others: {_setting(short)}."
            )


def _named(binding: Binding) -> str:
    return binding.name if binding.kind == "request" else f"the {binding.name} key"


def _setting(binding: Binding) -> str:
    """The setting that changes the keys, where it stands in config.toml."""
    section = "[hotkeys.requests]" if binding.kind == "request" else "[hotkeys]"
    return f'{binding.name} = "…" in section {section} of config.toml'
