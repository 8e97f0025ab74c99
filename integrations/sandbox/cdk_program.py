"""A stand-in for the `cdk` program that deploys to the sandbox: same commands, same words, same exit codes.

https://docs.aws.amazon.com/cdk/v2/guide/ref-cli-cmd.html. The sandbox copies this file to bin in its folder, where
`cdk` starts it; it uses the standard library alone. As with the real one, progress goes to stderr and results to stdout
(everything to stdout with --ci).
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import json
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

VERSION = "2.1029.3 (build 7c1d0a5)"


class Failure(Exception):
    """The command cannot be carried out; the message is what the program ends with."""


class App:
    """The CDK app in the present folder: which service it deploys, in which stacks."""

    def __init__(self, folder: Path, overrides: list[str]) -> None:
        try:
            settings = json.loads((folder / "cdk.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise Failure("--app is required either in command-line, in cdk.json or in ~/.cdk.json") from None
        context = {**settings.get("context", {}), **dict(each.split("=", 1) for each in overrides if "=" in each)}
        self.folder = folder
        self.service, self.version = str(context["service"]), str(context["version"])
        self.stacks: dict[str, str] = context["stacks"]
        source = folder / "app.py"
        text = source.read_text(encoding="utf-8") if source.exists() else ""
        self.digest = hashlib.sha256(json.dumps([context, text], sort_keys=True).encode()).hexdigest()

    def chosen(self, patterns: list[str], everything: bool) -> list[str]:
        """The stacks that names or wildcards mean."""
        known = sorted(self.stacks.values())
        if everything or (not patterns and len(known) == 1):
            return known
        if not patterns:
            raise Failure(
                "Since this app includes more than a single stack, specify which stacks to use (wildcards are "
                f"supported) or specify `--all`\nStacks: {' · '.join(known)}"
            )
        found = [name for name in known if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]
        if not found:
            raise Failure(f"No stacks match the name(s) {','.join(patterns)}")
        return found

    def template(self, stack: str) -> dict[str, Any]:
        """The CloudFormation template of a stack."""
        environment = next(key for key, name in self.stacks.items() if name == stack)
        name = f"/{environment}/{self.service}/version"
        properties = {"Name": name, "Type": "String", "Value": self.version}
        return {"Resources": {"Version": {"Type": "AWS::SSM::Parameter", "Properties": properties}}}


class Sandbox:
    """What decides how a command goes."""

    def __init__(self, home: Path) -> None:
        self.home = home
        try:
            self.admin = json.loads((home / "endpoints.json").read_text(encoding="utf-8"))["admin"]
        except (FileNotFoundError, ValueError, KeyError):
            raise Failure(f"The sandbox in {home} has never been started.") from None

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Send and return JSON."""
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{self.admin}/cdk{path}", data, {"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except OSError as error:
            raise Failure(f"The sandbox in {self.home} does not answer: {error}") from error


class Program:
    """One run of the program."""

    def __init__(self, options: argparse.Namespace, arguments: list[str], home: Path) -> None:
        self.options = options
        self.home = home
        self.arguments = arguments
        self.began = time.monotonic()

    def say(self, text: str = "") -> None:
        """Say how it goes."""
        print(text, file=sys.stdout if self.options.ci else sys.stderr, flush=True)

    def run(self) -> int:
        """Carry the command out; the exit code."""
        options = self.options
        command = {"ls": "list", "synthesize": "synth"}.get(options.command, options.command)
        app = App(Path.cwd(), options.context)
        if command == "list":
            print("\n".join(sorted(app.stacks.values())))
            return 0
        stacks = app.chosen(options.stacks, options.all or (command in ("synth", "diff") and not options.stacks))
        if command == "destroy" and not options.force:
            raise Failure(
                f"Are you sure you want to delete: {', '.join(stacks)} (y/n)? Use --force without a terminal."
            )
        sandbox = Sandbox(self.home)
        asked = {
            "command": command,
            "stacks": stacks,
            "arguments": self.arguments,
            "folder": str(app.folder),
            "key": options.change_set_name,
            "service": app.service,
            "version": app.version,
            "digest": app.digest,
            "environments": {name: environment for environment, name in app.stacks.items()},
            "force": options.force,
            "rollback": options.rollback,
        }
        begun = sandbox.post("/commands", asked)
        code = 1
        try:
            code = int(getattr(self, command)(app, stacks, begun["steps"]))
        finally:
            sandbox.post(f"/commands/{begun['number']}/end", {"exit": code})
        return code

    def synth(self, app: App, stacks: list[str], steps: list[Any]) -> int:
        """Write templates to cdk.out; show the only one."""
        folder = Path(self.options.output)
        folder.mkdir(exist_ok=True)
        for stack in stacks:
            text = json.dumps(app.template(stack), indent=1)
            (folder / f"{stack}.template.json").write_text(text, encoding="utf-8")
        if len(stacks) == 1:
            print(json.dumps(app.template(stacks[0]), indent=2))
        else:
            self.say(f"Successfully synthesized to {folder.resolve()}")
            self.say(f"Supply a stack id ({', '.join(stacks)}) to display its template.")
        return 0

    def diff(self, app: App, stacks: list[str], steps: list[Any]) -> int:
        """Say what a deployment would change."""
        for step in steps:
            self.say(f"Stack {step['stack']}")
            if not step["changed"]:
                self.say("There were no differences")
                continue
            self.say("Resources\n[~] AWS::SSM::Parameter Version Version\n └─ [~] Value")
            self.say(f"     ├─ [-] {step['before']}\n     └─ [+] {app.version}")
        different = sum(step["changed"] for step in steps)
        self.say(f"\n✨  Number of stacks with differences: {different}\n")
        return 1 if different and self.options.fail else 0

    def deploy(self, app: App, stacks: list[str], steps: list[Any]) -> int:
        """Deploy; write the outputs to a file where one is named."""
        self.say(f"\n✨  Synthesis time: {time.monotonic() - self.began:.2f}s\n")
        outputs = {}
        for number, step in enumerate(steps, start=1):
            name, started = step["stack"], time.monotonic()
            self.say(f"{name}: deploying... [{number}/{len(steps)}]")
            if step["changed"]:
                self.say(f"{name}: creating CloudFormation changeset...")
            self.watch(step)
            if step["error"]:
                self.say(f"\n ❌  {name} failed: {step['error']}\n")
                self.say(step["error"])
                return 1
            outputs[name] = step["outputs"]
            self.say(f"\n ✅  {name}{'' if step['changed'] else ' (no changes)'}\n")
            self.say(f"✨  Deployment time: {time.monotonic() - started:.2f}s\n")
            self.say("Outputs:")
            for key, value in step["outputs"].items():
                print(f"{name}.{key} = {value}")
            self.say("Stack ARN:")
            print(step["arn"], flush=True)
        if self.options.outputs_file:
            Path(self.options.outputs_file).write_text(json.dumps(outputs, indent=2), encoding="utf-8")
        self.say(f"\n✨  Total time: {time.monotonic() - self.began:.2f}s\n")
        return 0

    def rollback(self, app: App, stacks: list[str], steps: list[Any]) -> int:
        """Take a failed deployment back."""
        for step in steps:
            self.say(f"Rolling back {step['stack']}")
            if not step["changed"]:
                self.say(step["note"])
                continue
            self.watch(step)
            self.say(f"\n✨  Rollback time: {step['seconds']:.2f}s\n")
        if not any(step["changed"] for step in steps):
            raise Failure("No stacks were in a state that could be rolled back")
        return 0

    def destroy(self, app: App, stacks: list[str], steps: list[Any]) -> int:
        """Delete."""
        for number, step in enumerate(steps, start=1):
            self.say(f"{step['stack']}: destroying... [{number}/{len(steps)}]")
            self.watch(step)
            if step["error"]:
                self.say(f"\n ❌  {step['stack']}: destroy failed {step['error']}")
                return 1
            self.say(f"\n ✅  {step['stack']}: destroyed")
        return 0

    def watch(self, step: dict[str, Any]) -> None:
        """Show CloudFormation's events as they happen."""
        events = step["events"]
        for number, (status, kind, logical) in enumerate(events):
            clock = time.strftime("%I:%M:%S %p").lstrip("0")
            line = f"{step['stack']} | {number:>3}/{len(events) - 1} | {clock} | {status:<20} | {kind:<26} | {logical}"
            self.say(line)
            if number + 1 < len(events):
                time.sleep(step["seconds"] / (len(events) - 1))


def parser() -> argparse.ArgumentParser:
    """The commands and the options that matter here; the real program's other ones are taken and ignored."""
    made = argparse.ArgumentParser(prog="cdk")
    made.add_argument("--version", action="version", version=VERSION)
    commands = ("list", "ls", "synth", "synthesize", "diff", "deploy", "rollback", "destroy")
    made.add_argument("command", choices=commands)
    made.add_argument("stacks", nargs="*")
    made.add_argument("--all", action="store_true")
    made.add_argument("--ci", action="store_true")
    made.add_argument("--fail", action="store_true")
    made.add_argument("-f", "--force", action="store_true")
    made.add_argument("-c", "--context", action="append", default=[])
    made.add_argument("-o", "--output", default="cdk.out")
    made.add_argument("-O", "--outputs-file")
    made.add_argument("--change-set-name")
    made.add_argument("-R", "--no-rollback", dest="rollback", action="store_false")
    for option in (
        "--require-approval",
        "--progress",
        "--method",
        "--profile",
        "-t",
        "--tags",
        "--parameters",
        "-a",
        "--app",
    ):
        made.add_argument(option, action="append")
    return made


def main(arguments: list[str], home: Path) -> int:
    """Run against the sandbox that `home` belongs to; 0 when it worked, 1 when not."""
    options, _ = parser().parse_known_intermixed_args(arguments)
    try:
        return Program(options, arguments, home).run()
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parent.parent))
