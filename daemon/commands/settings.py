"""config: the settings, and where each comes from."""

from __future__ import annotations

import json as json_module

import typer

from daemon.commands.common import WRONG, AsJson, fail, put
from daemon.home import home

group = typer.Typer(
    help="Show and check the settings in config.toml.",
    epilog="Example: devos config check",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="config")


@group.command(epilog="Example: devos config show")
def show(json: AsJson = False) -> None:
    """Show every setting, its value, and where it comes from."""
    from daemon.config import BadConfig, load, origins

    try:
        settings = load(home()).model_dump(mode="json")
    except BadConfig as problem:
        fail(str(problem), WRONG, json=json)
    set_here = origins(home())
    if json:
        put({"settings": settings, "set": sorted(set_here), "file": str(home() / "config.toml")})
        return
    print(f"# {home() / 'config.toml'}")
    for section, value in settings.items():
        for name, each in (value if isinstance(value, dict) else {"": value}).items():
            key = f"{section}.{name}" if name else section
            origin = "config.toml" if key in set_here or section in set_here else "default"
            print(f"{key} = {json_module.dumps(each)}  # {origin}")


@group.command(epilog="Example: devos config check")
def check(json: AsJson = False) -> None:
    """Check the settings, the hotkeys and the rules, as a start does."""
    from daemon.app import INTENTS
    from daemon.config import BadConfig, load
    from daemon.hotkeys.bindings import BadBindings, bindings_of
    from daemon.systems import known_actions
    from policies.engine import RuleError, Rules, rule_files

    try:
        settings = load(home())
        bindings_of(settings.hotkeys, INTENTS)
        Rules.load(rule_files(home(), settings.rules.pack), known_actions(), settings.groups)
    except BadBindings as problem:
        fail(f"{home() / 'config.toml'}: {problem}", WRONG, json=json)
    except (BadConfig, RuleError) as problem:
        fail(str(problem), WRONG, json=json)
    put({"ok": True}) if json else print("The settings, the hotkeys and the rules are in order.")
