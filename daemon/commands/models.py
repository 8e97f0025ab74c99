"""models: which speech models are here, which one listens, and which one suits this machine."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from daemon.commands.common import FAILED, WRONG, AsJson, fail, put
from daemon.home import home

if TYPE_CHECKING:
    from daemon.hearing.hardware import Measurement
    from daemon.hearing.weights import Candidate
    from daemon.sense_sections import Hearing

OTHERS = ("tiny.en", "base.en", "small.en", "large-v3-turbo")
"""The models that are worth a try, from the quickest to the most exact."""

group = typer.Typer(
    help="Show which speech models are here, which one listens, and why.",
    epilog="Example: devos models recommend",
    invoke_without_command=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="models")


@group.callback()
def models(context: typer.Context, json: AsJson = False) -> None:
    """Show which speech models are here, which one listens, and why."""
    if context.invoked_subcommand is not None:
        return
    from daemon.hearing.weights import NoWeights

    try:
        found = _survey(_settings(json))
    except NoWeights as problem:
        fail(str(problem), WRONG, json=json)
    if json:
        put(
            [
                {"name": each.name, "source": each.source, "path": str(each.path) if each.path else None}
                | {"found": each.found, "chosen": each.chosen, "why": each.why}
                for each in found
            ]
        )
        return
    for each in found:
        mark = "*" if each.chosen else " "
        print(f"{mark} {each.source:10} {each.name:10} {each.why}")


@group.command(epilog="Example: devos models recommend --json")
def recommend(json: AsJson = False) -> None:
    """Measure the models on this machine, and say which to take.

    Nothing is changed.
    """
    from daemon.hearing.hardware import available, best, measure
    from daemon.hearing.measuring import speak

    settings = _settings(json)
    found = _found(settings)
    if not found:
        fail(
            "There is no speech model on this machine; `devos models` says where it was looked for.", FAILED, json=json
        )
    free = available()
    measured = []
    with tempfile.TemporaryDirectory(prefix="devos-models-") as folder:
        speech = speak(Path(folder))
        for each in found:
            if not json:
                print(f"measuring {each.name} …", file=sys.stderr)
            done = measure(each, device=settings.device, threads=settings.threads, speech=speech)
            if done is not None:
                measured.append(done)
    chosen = best(measured, settings.silence, free)
    if chosen is None:
        fail("None of the speech models here can be loaded; `devos models` shows them.", FAILED, json=json)
    if json:
        put(_as_json(measured, chosen, settings, free))
    else:
        _show(measured, chosen, settings, free)


def _settings(json: bool) -> Hearing:
    from daemon.config import BadConfig, load

    try:
        return load(home()).hearing
    except BadConfig as problem:
        fail(str(problem), WRONG, json=json)


def _survey(settings: Hearing) -> list[Candidate]:
    """Every place where the configured model, or the best one, is looked for."""
    from daemon.hearing.weights import Places, survey

    model = settings.model
    folder = Path(model).expanduser() if model and "/" in model else None
    places = Places.of(home(), os.environ, downloads=settings.download)
    return survey(None if folder else model, places, path=folder)


def _found(settings: Hearing) -> list[Candidate]:
    """Every model on this machine, whether it is looked for or not; each folder once, small ones first."""
    from daemon.hearing.hardware import needed
    from daemon.hearing.weights import NAMES, Candidate, NoWeights, Places, missing_from, survey

    places = Places.of(home(), os.environ)
    rows: list[Candidate] = []
    with suppress(NoWeights):  # a name that does not exist is no reason not to measure those that do
        rows += _survey(settings)
    rows += survey(None, places)
    elsewhere = replace(places, embedded=None)  # each look at that one takes its digest
    for name in NAMES:
        rows += survey(name, elsewhere)
    for folder in sorted((home() / "models").glob("*/")):
        rows.append(Candidate(folder.name, "home", folder, not missing_from(folder), False, ""))
    here = {each.path.resolve(): each for each in reversed(rows) if each.found and each.path is not None}
    return sorted(here.values(), key=lambda each: needed(each.path) if each.path else 0)


def _setting(chosen: Measurement) -> str:
    """What stands in config.toml to have a model: its name, or its folder where it has no name of its own."""
    from daemon.hearing.weights import NAMES

    named = chosen.source != "configured" and chosen.name in NAMES
    return f'model = "{chosen.name if named else chosen.path}"'


def _missing(measured: list[Measurement]) -> list[str]:
    """The models worth a try that are not on this machine."""
    here = {each.name for each in measured}
    return [name for name in OTHERS if name not in here]


def _as_json(measured: list[Measurement], chosen: Measurement, settings: Hearing, free: int) -> dict[str, Any]:
    return {
        "models": [
            {
                "name": each.name,
                "source": each.source,
                "path": each.path,
                "device": each.device,
                "load_s": each.load_s,
                "transcribe_s": each.transcribe_s,
                "sound_s": each.sound_s,
                "real_time_factor": round(each.real_time_factor, 3),
                "wait_s": round(each.wait(settings.silence), 3),
                "memory_mb": each.memory_mb,
            }
            for each in measured
        ],
        "recommended": chosen.name,
        "setting": _setting(chosen),
        "free_mb": free >> 20,
        "real_speech": chosen.real_speech,
        "not_here": _missing(measured),
    }


def _show(measured: list[Measurement], chosen: Measurement, settings: Hearing, free: int) -> None:
    from policies.visible import visible

    print("  model            runs on     load  4 s of speech  real time   memory  you wait")
    for each in measured:
        mark = "*" if each is chosen else " "
        print(
            f"{mark} {visible(each.name):16} {each.device:7} {each.load_s:5.1f} s {4 * each.real_time_factor:12.2f} s"
            f" {each.real_time_factor:10.2f} {each.memory_mb:5.0f} MB {each.wait(settings.silence):7.2f} s"
        )
    print(f"\nYou wait from your last word to its text, {settings.silence:g} s of silence included.")
    if not chosen.real_speech:
        print("No voice is installed (espeak-ng), so a hum was listened to; speech takes a little longer.")
    print(f"Of the {free >> 20} MB of memory that are free, a model should take half at most.")
    if missing := _missing(measured):
        print(f"Not on this machine, and not measured: {', '.join(missing)}.")
    print(f"\nTake {visible(chosen.name)}. In {home() / 'config.toml'}:\n\n[hearing]\n{_setting(chosen)}")
