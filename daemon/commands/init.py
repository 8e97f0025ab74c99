"""init: the first steps, at a terminal."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.commands.common import FAILED, WRONG, AsJson, fail, printable, put
from daemon.home import home

if TYPE_CHECKING:
    from daemon.config import Config
    from daemon.first_steps.settings_file import Value
    from intents.intent import Intent


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog="Example: devos init")(init)


def init(
    defaults: Annotated[bool, typer.Option("--defaults", help="Ask nothing; write what most people want.")] = False,
    json: AsJson = False,
) -> None:
    """Take the first steps: microphone, model, keys, first system.

    Settings that stand in config.toml already are what is proposed; the others in it stay as they are. DevOS only
    reads until you say otherwise.
    """
    from daemon.config import BadConfig, load, origins

    try:
        config = load(home())
    except BadConfig as problem:
        fail(f"{problem}\nMend it first; then `devos init` can go on from it.", WRONG, json=json)
    if defaults:
        _write(_usual(config, origins(home())), json)
        return
    if json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        text = "`devos init` asks questions, so it needs a terminal. `devos init --defaults` asks none."
        fail(text, WRONG, json=json)
    _walk(config)


def _usual(config: Config, already: set[str]) -> dict[str, Value]:
    """What is written without asking: who it is, and that DevOS only reads; nothing that somebody has set."""
    usual: dict[str, Value] = {"person.name": config.person.name, "rules.pack": "read-only"}
    return {name: value for name, value in usual.items() if name not in already}


def _walk(config: Config) -> None:
    from daemon.first_steps.asking import Asker, Left
    from daemon.first_steps.settings_file import sections
    from daemon.first_steps.walk import walk

    asker = Asker()
    try:
        chosen = _new(walk(asker, home(), config, _requests), config)
        if chosen:
            asker.heading(f"This comes into {home() / 'config.toml'}:")
            asker.tell(sections(chosen))
        if chosen and not asker.yes("Write it?", True):
            raise Left
    except (Left, KeyboardInterrupt):
        print()
        fail("Nothing was written: everything is as it was.", FAILED, json=False)
    _write(chosen, json=False)
    print("Next: `devos run --sandbox` to try it, `devos install` to have it always, `devos doctor` to see what works.")


def _requests() -> tuple[Intent, ...]:
    """Every request; loading them takes a moment."""
    from daemon.app import INTENTS

    return INTENTS


def _new(chosen: Mapping[str, Value], config: Config) -> dict[str, Value]:
    """What is other than it would be anyway; the pack always, so that it is seen where to change it."""
    now = config.model_dump(mode="json")
    return {name: value for name, value in chosen.items() if name == "rules.pack" or _in(now, name) != value}


def _in(settings: Mapping[str, object], name: str) -> object:
    section, _, key = name.partition(".")
    inner = settings.get(section)
    return inner.get(key) if isinstance(inner, dict) else None


def _write(settings: Mapping[str, Value], json: bool) -> None:
    """Put the settings into config.toml, where they are right together with what stands there."""
    from pydantic import ValidationError

    from daemon.config import Config
    from daemon.first_steps.settings_file import CannotEdit, changed, save

    file = home() / "config.toml"
    try:
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        text = changed(before, settings)
        Config.model_validate(tomllib.loads(text))
        different = text != before
        if different:
            home().mkdir(mode=0o700, parents=True, exist_ok=True)
            save(file, text)
    except CannotEdit as problem:
        fail(f"{file} was left as it is. {problem}", FAILED, json=json)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        fail(f"Nothing was written, because {where} would be wrong: {first['msg']}.", WRONG, json=json)
    except OSError as problem:
        fail(f"Nothing was written: {problem}", FAILED, json=json)
    if json:
        put({"file": str(file), "written": dict(settings) if different else {}, "changed": different})
    else:
        print(printable(f"{file} is written." if different else f"{file} says all of this already."))
