"""The walk through the first steps: one function for each, which asks and returns the settings that were chosen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from daemon.first_steps import machine, systems
from daemon.first_steps.asking import Asker
from daemon.first_steps.settings_file import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemon.config import Config
    from daemon.sense_sections import Hotkeys
    from intents.intent import Intent

BAR = 40
"""Characters of the level that is shown."""

CHANGES = 'pack = "careful" under [rules] in config.toml'


def walk(asker: Asker, home: Path, config: Config, intents: Callable[[], tuple[Intent, ...]]) -> dict[str, Value]:
    """Ask everything; the settings to write, by full name.

    Args:
        asker: asks.
        home: DEVOS_HOME.
        config: the settings as they are, which are proposed.
        intents: the requests, whose keys must not be taken; loaded when they are needed.

    Raises:
        Left: the person left; nothing was written.
    """
    asker.tell("Enter takes what stands in brackets. Ctrl-C leaves everything as it is.")
    chosen: dict[str, Value] = {}
    chosen |= person(asker, config)
    chosen |= microphone(asker, config)
    chosen |= model(asker, home, config)
    chosen |= wake_word(asker, home, config)
    chosen |= hotkeys(asker, config, intents)
    chosen |= first_system(asker, config)
    chosen |= rules(asker, config)
    return chosen


def person(asker: Asker, config: Config) -> dict[str, Value]:
    """Who you are."""
    asker.heading("You")
    return {"person.name": asker.text("The name that the record knows you by", config.person.name)}


def microphone(asker: Asker, config: Config) -> dict[str, Value]:
    """Which microphone, and whether it hears."""
    asker.heading("Microphone")
    found = machine.microphones()
    if not found.names:
        asker.tell(f"{found.problem} You can go on without: everything can be typed as well.")
        return {}
    now = config.microphone.name
    options = ["the system's default one", *found.names]
    place = next((number for number, each in enumerate(found.names, 1) if now and now.casefold() in each.casefold()), 0)
    name = found.names[number - 1] if (number := asker.choose("Which one?", options, place)) else None
    if asker.yes(f"Listen for {machine.LISTENING:g} seconds, to see whether it hears you? Nothing is kept.", True):
        asker.tell("Say something.")
        loudest, problem = machine.level(name, bar(asker))
        asker.tell(machine.verdict(loudest) if loudest is not None else problem)
    if now and name is None:
        asker.tell("For that, take `name` out of [microphone] in config.toml.")
    return {"microphone.name": name} if name else {}


def bar(asker: Asker) -> Callable[[float], None]:
    """Shows a level as a line of its own."""
    return lambda level: asker.tell(f"  {'#' * round(min(level, 1.0) * BAR):<{BAR}} {level:4.0%}")


def model(asker: Asker, home: Path, config: Config) -> dict[str, Value]:
    """Which speech model."""
    asker.heading("Speech model")
    found = machine.models(home)
    if not found.names:
        asker.tell(f"{found.problem} You can go on without: everything can be typed as well.")
        return {}
    options = [f"the best quick one that is there (now {found.names[0]})", *found.names]
    now = found.names.index(config.hearing.model) + 1 if config.hearing.model in found.names else 0
    number = asker.choose("Which one?", options, now)
    asker.tell("`devos models recommend` measures them on this machine, whenever you like.")
    if config.hearing.model and not number:
        asker.tell("For that, take `model` out of [hearing] in config.toml.")
    return {"hearing.model": found.names[number - 1]} if number else {}


def wake_word(asker: Asker, home: Path, config: Config) -> dict[str, Value]:
    """Whether it always listens, and for which word."""
    asker.heading("Wake word")
    asker.tell("Without one, the microphone is open only while you hold the talk key.")
    if not asker.yes("Always listen for a word? What comes before it is forgotten after two seconds.", config.wake.on):
        return {"wake.on": False}
    words = machine.wake_words(home)
    now = words.index(config.wake.words[0]) if config.wake.words and config.wake.words[0] in words else 0
    return {"wake.on": True, "wake.words": [words[asker.choose("Which word?", words, now)]]}


def hotkeys(asker: Asker, config: Config, intents: Callable[[], tuple[Intent, ...]]) -> dict[str, Value]:
    """The keys of DevOS itself."""
    asker.heading("Hotkeys")
    asker.tell(machine.screen())
    settings = config.hotkeys
    if not asker.yes("Use hotkeys?", settings.on):
        return {"hotkeys.on": False}
    chosen: dict[str, Value] = {"hotkeys.on": True}
    for name, question in (("talk", "Talk"), ("mute", "Mute the microphone"), ("stop", "Stop talking and listening")):
        keys = asker.text(question, getattr(settings, name), _taken(settings, name, intents()))
        settings = settings.model_copy(update={name: keys})
        chosen[f"hotkeys.{name}"] = keys
    chosen["hotkeys.hold"] = asker.yes(
        "Is the talk key held while you speak? Otherwise it begins and ends.", settings.hold
    )
    return chosen


def _taken(settings: Hotkeys, name: str, intents: tuple[Intent, ...]) -> Callable[[str], str | None]:
    """Says what is wrong with keys for something, beside all others."""
    from daemon.hotkeys.bindings import BadBindings, bindings_of

    def problem(keys: str) -> str | None:
        try:
            bindings_of(settings.model_copy(update={name: keys}), intents)
        except BadBindings as wrong:
            return str(wrong)
        return None

    return problem


def first_system(asker: Asker, config: Config) -> dict[str, Value]:
    """What DevOS works on first; the simulated company needs nothing."""
    asker.heading("First system")
    names = [name for name in systems.SYSTEMS if getattr(config, name) is None]
    options = ["the simulated company: nothing real, no account", *(systems.SYSTEMS[name] for name in names)]
    number = asker.choose("What do you want to begin with?", options)
    if not number:
        asker.tell("Nothing has to be set for it: `devos run --sandbox`.")
        return {}
    system, chosen = names[number - 1], dict[str, Value]()
    for each in systems.questions(system):
        if each.optional:
            answer = asker.optional(each.text)
        else:
            answer = asker.text(each.text, each.default, _is_no_number if each.number else lambda text: None)
        if answer:
            chosen[each.name] = int(answer) if each.number else answer
    if variable := systems.secret_of(system):
        asker.tell(f"Its secret does not stand in config.toml: set ${variable}; for the service, see docs/service.md.")
    return chosen


def rules(asker: Asker, config: Config) -> dict[str, Value]:
    """Whether DevOS may change anything yet."""
    asker.heading("What it may do")
    asker.tell(f"DevOS can begin by only reading: it refuses every change until you set {CHANGES}.")
    if asker.yes("Stay read-only for now? (No: it asks before it changes what matters.)", True):
        return {"rules.pack": "read-only"}
    return {"rules.pack": "team" if config.rules.pack == "team" else "careful"}


def _is_no_number(text: str) -> str | None:
    return None if text.isdecimal() else "This has to be a number."
