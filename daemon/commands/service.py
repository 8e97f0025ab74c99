"""install, uninstall: DevOS as a service that runs as long as you are logged in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from daemon.commands.common import FAILED, WRONG, AsJson, fail, printable, put
from daemon.home import home

if TYPE_CHECKING:
    from daemon.service import Service

MEANT = {
    "namespaces": "It is shut in by namespaces and filters.",
    "filters": "It is shut in by filters.",
    "none": "It is not shut in.",
}


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog="Example: devos install")(install)
    app.command(epilog="Example: devos uninstall")(uninstall)


def install(
    shown: Annotated[
        bool, typer.Option("--print", "--dry-run", help="Show the service's description; nothing is written.")
    ] = False,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="The service runs with the simulated systems.")] = False,
    confine: Annotated[
        Literal["auto", "namespaces", "filters", "none"],
        typer.Option(help="How far the service is shut in; auto: as far as this machine can. systemd only."),
    ] = "auto",
    json: AsJson = False,
) -> None:
    """Install DevOS as a service and start it.

    No root is needed. After an upgrade, the same command starts it again. It starts with your session and goes on with
    its runs where they were.
    """
    from daemon.service import NoService, program_of, service_of

    service, level = service_of(), None if confine == "auto" else confine
    program = program_of(home(), sandbox=sandbox)
    if shown:
        text = service.text(program, level or "namespaces")
        put({"kind": service.kind, "file": str(service.file), "text": text}) if json else print(text, end="")
        return
    _may_install(service, json)
    try:
        done = service.install(program, level)
    except NoService as problem:
        fail(str(problem), FAILED, json=json)
    if json:
        about = {"kind": service.kind, "file": str(done.file), "confine": done.confine, "changed": done.changed}
        put({**about, "process": service.main_process(), "note": done.note})
        return
    words = [f"DevOS runs as a {service.kind}: {done.file}", MEANT.get(done.confine or "", ""), done.note]
    print(printable("\n".join(each for each in words if each)))


def _may_install(service: Service, json: bool) -> None:
    """See that the service could start, before anything is written."""
    from daemon.claim import holder
    from daemon.config import BadConfig, load

    if problem := service.problem():
        fail(problem, FAILED, json=json)
    try:
        load(home())
    except BadConfig as wrong:
        fail(f"Nothing was written: the service would not start. {wrong}", WRONG, json=json)
    process = holder(home() / "devos.lock")
    if process is not None and process != service.main_process():
        text = f"DevOS already runs for {home()} (process {process}), and not as this service. Nothing was written."
        fail(f"{text} End it (Ctrl-C where it runs, or `kill {process}`) and say it again.", FAILED, json=json)


def uninstall(
    data: Annotated[bool, typer.Option("--data", help="Remove DEVOS_HOME as well: settings, record, runs.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --data: do not ask.")] = False,
    json: AsJson = False,
) -> None:
    """End the service and remove what `devos install` wrote. What DevOS keeps in DEVOS_HOME stays, unless --data."""
    from daemon.hotkeys.program import entry_file
    from daemon.removing import NotRemoved, check, losses, remove
    from daemon.service import service_of

    if data and not yes:
        _agreed(losses(home()), json)
    service = service_of()
    gone = [str(each) for each in service.uninstall()]
    if (entry := entry_file()).is_file():  # by which the desktop knew DevOS
        entry.unlink()
        gone.append(str(entry))
    if data:
        try:
            check(home())
            remove(home())
        except NotRemoved as problem:
            fail(str(problem), FAILED, json=json, removed=gone)
        gone.append(str(home()))
    if json:
        put({"removed": gone, "data": data})
        return
    print(printable("\n".join([f"Removed {each}." for each in gone] or ["Nothing was installed."])))
    if not data:
        print(printable(f"What DevOS keeps is still in {home()}; `devos uninstall --data` removes it."))


def _agreed(lost: list[str], json: bool) -> None:
    """Ask a person, who has to write the word; otherwise end."""
    if not lost:
        return
    if json or not sys.stdin.isatty():
        fail("Nothing was removed: --data asks at a terminal. Without one, say --yes as well.", WRONG, json=json)
    print(printable(f"In {home()}, this would be lost for ever:"))
    for each in lost:
        print(printable(f"  {each}"))
    try:
        typed = input("Write `remove` to remove it: ")
    except (EOFError, KeyboardInterrupt):
        typed = ""
        print()
    if typed.strip() != "remove":
        fail("Nothing was removed, and the service is as it was.", FAILED, json=False)
