"""sandbox: look into the simulated systems, break them, and play their people."""

from __future__ import annotations

import json as json_module
from typing import Annotated, Any

import typer

from daemon.commands.common import FAILED, WRONG, AsJson, fail, in_a_line, printable, put
from daemon.home import home
from daemon.home import sandbox as folder_of

group = typer.Typer(
    help="Look into the simulated systems, and break them.",
    epilog="Example: devos sandbox state",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="sandbox")


def _sandbox(json: bool) -> Any:
    from integrations.sandbox.client import NoSandbox, Sandbox

    try:
        return Sandbox.at(folder_of(home()))
    except NoSandbox as problem:
        fail(str(problem), FAILED, json=json)


def _call(json: bool, does: Any) -> Any:
    from integrations.sandbox.client import NoSandbox, NotAccepted

    try:
        return does()
    except NotAccepted as problem:
        fail(str(problem), WRONG, json=json)
    except NoSandbox as problem:
        fail(str(problem), FAILED, json=json)


@group.command(epilog="Example: devos sandbox state")
def state(json: AsJson = False) -> None:
    """Show the simulated systems as they are now."""
    found = _call(json, _sandbox(json).state)
    if json:
        put(found)
        return
    for system, inner in found.items():
        text = inner if isinstance(inner, str) else json_module.dumps(inner, indent=2, ensure_ascii=False)
        first, *lines = text.splitlines()
        print(printable(f"{system}:" if lines else f"{system}: {first}"))
        for line in lines[:-1]:
            print(printable(line))


@group.command(epilog="Example: devos sandbox journal --system kubernetes")
def journal(
    system: Annotated[str | None, typer.Option(help="Only one system's requests.")] = None,
    json: AsJson = False,
) -> None:
    """List every request that the simulated systems received."""
    sandbox = _sandbox(json)
    found = _call(json, lambda: sandbox.journal(system))
    if json:
        put(found)
        return
    for each in found:
        key = f"  key {each['idempotency_key']}" if each["idempotency_key"] else ""
        print(
            in_a_line(
                f"{each['at']}  {each['system']:<11} {each['status'] or '-':<4} {each['method']:<6} {each['path']}{key}"
            )
        )


@group.command(epilog="Example: devos sandbox fault jira --kind status --status 503 --times 2")
def fault(
    system: Annotated[
        str, typer.Argument(help="jira, servicenow, newrelic, kubernetes, rancher, graph; or `none` to mend all.")
    ],
    kind: Annotated[
        str, typer.Option(help="status, latency, drop, or lost-reply (the work is done, the answer lost).")
    ] = "status",
    status: Annotated[int | None, typer.Option(help="The HTTP status, with --kind status.")] = None,
    seconds: Annotated[float | None, typer.Option(help="How long to delay, with --kind latency.")] = None,
    method: Annotated[str | None, typer.Option(help="Only requests with this method.")] = None,
    path: Annotated[str | None, typer.Option(help="Only paths that this regular expression matches.")] = None,
    times: Annotated[int, typer.Option(min=0, help="How many requests it befalls; 0 for all, until mended.")] = 1,
    json: AsJson = False,
) -> None:
    """Make a simulated system misbehave."""
    sandbox = _sandbox(json)
    if system == "none":
        answer = _call(json, sandbox.clear_faults)
    else:
        named = {"status": status, "seconds": seconds, "method": method, "path": path}
        spec: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
        spec |= {"kind": kind, "times": times or None}
        answer = _call(json, lambda: sandbox.fault(system=system, **spec))
    put(answer) if json else print("All faults are mended." if system == "none" else f"{system} misbehaves now.")


@group.command(epilog="Example: devos sandbox reset")
def reset(json: AsJson = False) -> None:
    """Put the simulated company back to its beginning."""
    answer = _call(json, _sandbox(json).reset)
    put(answer) if json else print("The sandbox is as new.")


@group.command(epilog="Example: devos sandbox approve CHG0030001")
def approve(
    change: Annotated[str, typer.Argument(help="The change request's number, or the code of a question.")],
    by: Annotated[str | None, typer.Option(help="Who approves it: a user name of the simulated company.")] = None,
    because: Annotated[str | None, typer.Option(help="The reason, as a comment.")] = None,
    json: AsJson = False,
) -> None:
    """Approve a change request, or a question, in ServiceNow. It is done as one of the company's people."""
    sandbox = _sandbox(json)
    answer = _call(json, lambda: sandbox.approve(change, by=by, because=because))
    put(answer) if json else print(f"{change} is approved.")


@group.command(epilog='Example: devos sandbox refuse CHG0030001 --because "freeze until Monday"')
def refuse(
    change: Annotated[str, typer.Argument(help="The change request's number, or the code of a question.")],
    because: Annotated[str | None, typer.Option(help="The reason.")] = None,
    json: AsJson = False,
) -> None:
    """Refuse a change request, or a question, in ServiceNow. It is done as one of the company's people."""
    sandbox = _sandbox(json)
    answer = _call(json, lambda: sandbox.refuse(change, because=because))
    put(answer) if json else print(f"{change} is refused.")


@group.command(epilog='Example: devos sandbox reply "approve k7m2qd because tested" --by marcus.oyelaran')
def reply(
    text: Annotated[str, typer.Argument(help="What is written.")],
    by: Annotated[str | None, typer.Option(help="Who writes: a user name of the simulated company.")] = None,
    to: Annotated[str | None, typer.Option(help="The message's id; the newest unless it is named.")] = None,
    json: AsJson = False,
) -> None:
    """Reply in the Teams channel, as one of the company's people."""
    sandbox = _sandbox(json)
    answer = _call(json, lambda: sandbox.reply(text, by=by, to=to))
    put(answer) if json else print(f"{answer['by']} replied.")


@group.command("set", epilog="Example: devos sandbox set rollout_seconds=30 cdk_fails=true")
def set_(
    changes: Annotated[list[str], typer.Argument(metavar="NAME=VALUE…", help="Values are JSON.")], json: AsJson = False
) -> None:
    """Change how the simulated systems behave."""
    values = {}
    for change in changes:
        name, _, value = change.partition("=")
        try:
            values[name] = json_module.loads(value)
        except ValueError:
            fail(f"{change!r} is not NAME=VALUE with a JSON value, like rollout_seconds=30.", WRONG, json=json)
    sandbox = _sandbox(json)
    answer = _call(json, lambda: sandbox.settings(**values))
    put(answer) if json else print("Set.")


@group.command(epilog="Example: devos sandbox stop")
def stop(json: AsJson = False) -> None:
    """End the simulated systems. What they hold stays on disk; the next `devos run --sandbox` brings them back."""
    from integrations.sandbox.process import stop as end

    ended = end(folder_of(home()))
    put({"stopped": ended}) if json else print("The sandbox has ended." if ended else "There is no sandbox running.")
