"""Programs that run once and are never lost, even when the process that started them is killed.

A folder per key holds the record: `claim` (a symbolic link that names the process which runs the program, made in
one atomic step), `out`, `err`, and last of all `code`. A few lines of sh, the runner, start the program. They take the
claim before anything else and go away when it is taken; so starting them again is harmless, and whoever asks with the
same key, after whatever crash, waits for the one run there is.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE

from policies.action import IntegrationError

EVERY = 0.05
"""Seconds between two looks at the record."""
LIVENESS = 10
"""Every how many looks it is asked whether the runner is still there."""
GRACE = 10.0
"""Seconds a program gets to end after it was asked to."""
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER", "LOGNAME", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
"""What programs see of this process's own environment: enough to run, no credentials."""

# $1 is the record, the rest is the program. The trap keeps this shell alive to write the code when its group is asked
# to end; unlike an ignored signal, a trapped one is not passed on to the program.
_RUN_ONCE = """
ln -s "$$" "$1/claim" 2>/dev/null || exit 0
record=$1; shift
trap : TERM INT HUP
"$@" >"$record/out" 2>"$record/err"
echo "$?" >"$record/code.new" && mv "$record/code.new" "$record/code"
"""

# Starts the above as nobody's child, so that what happens to this process does not reach it, and says its number.
_LET_GO = '/bin/sh -c "$0" devos "$@" </dev/null >/dev/null 2>&1 & echo "$!"'


@dataclass(frozen=True)
class Finished:
    """A program that has ended."""

    code: int
    """Its exit status; above 128 it was ended by a signal, 127 is "no such program"."""
    out: str
    err: str


class Interrupted(IntegrationError):
    """What ran the program died before it could write down how the program ended."""

    def __init__(self, program: str, record: str) -> None:
        super().__init__(program, record)
        self.program, self.record = program, record

    def __str__(self) -> str:
        return (
            f"{self.program} was interrupted (the machine stopped, or somebody ended it), so its outcome is not known. "
            f"Look at what it changed, and at {self.record}, before it is run again."
        )


class TookTooLong(IntegrationError):
    """The program did not end in time and was ended."""

    def __init__(self, program: str, seconds: float, record: str) -> None:
        super().__init__(program, seconds, record)
        self.program, self.seconds, self.record = program, seconds, record

    def __str__(self) -> str:
        return (
            f"{self.program} had not finished after {self.seconds:g} s and was ended. "
            f"What it printed is in {self.record}; look at what it had changed by then."
        )


class CannotRun(IntegrationError):
    """The program could not even be started."""

    def __init__(self, program: str, why: str) -> None:
        super().__init__(program, why)
        self.program, self.why = program, why

    def __str__(self) -> str:
        return f"{self.program} cannot be started: {self.why}. Install it, or correct its place in the settings."


async def run(
    program: Sequence[str],
    *,
    key: str,
    folder: Path,
    cwd: Path,
    env: Mapping[str, str],
    within: float,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Finished:
    """Run a program, or wait for the run that the same key already began.

    Args:
        program: the program and its arguments. Every user of the machine can read them: secrets belong into `env`.
        key: what makes this run the same run.
        folder: where the records are kept.
        cwd: the folder it runs in.
        env: its variables, on top of those in `INHERITED`.
        within: seconds from now after which the program is asked to end.
        sleep: how to wait.
        clock: seconds that only grow.

    Raises:
        Interrupted: it began once, and nobody can say how it ended.
        TookTooLong: it was ended.
        CannotRun: it could not be started.
    """
    record = _record(key, folder)
    claimer = _claimer(record)
    runner = await asyncio.to_thread(_start, program, record, cwd, env) if claimer is None else claimer
    ends, ending, looks = clock() + within, False, 0
    while (done := finished(key, folder)) is None:
        looks += 1
        gone = looks % LIVENESS == 0 and not await asyncio.to_thread(_there, runner, record)
        if gone and finished(key, folder) is None:
            if ending:
                raise TookTooLong(program[0], within, str(record))
            if _claimer(record) is None:
                raise CannotRun(program[0], f"its record in {record} cannot be written")
            raise Interrupted(program[0], str(record))
        if clock() >= ends:
            _end(runner, record, signal.SIGKILL if ending else signal.SIGTERM)
            ending, ends = True, clock() + GRACE
        await sleep(EVERY)
    if ending and done.code != 0:
        raise TookTooLong(program[0], within, str(record))
    return done


def finished(key: str, folder: Path) -> Finished | None:
    """How the run of that key ended; None when it never began or goes on."""
    record = _record(key, folder)
    try:
        code = int((record / "code").read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None
    out, err = ((record / name).read_text(errors="replace") for name in ("out", "err"))
    return Finished(code, out, err)


def surroundings(env: Mapping[str, str]) -> dict[str, str]:
    """The variables a program gets: what it needs of this process's own, and those given."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {"PATH": os.defpath, **inherited, **env}


def _record(key: str, folder: Path) -> Path:
    """The folder of a key's record; a digest, so that any key is a file name."""
    return folder / hashlib.sha256(key.encode()).hexdigest()[:40]


def _claimer(record: Path) -> int | None:
    """The process that took the claim, alive or not; None while nobody has."""
    try:
        return int((record / "claim").readlink().name)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _start(program: Sequence[str], record: Path, cwd: Path, env: Mapping[str, str]) -> int:
    """Let a runner go, which takes the claim or goes away, and give back its process number."""
    variables = surroundings(env)
    if shutil.which(program[0], path=variables["PATH"]) is None:
        raise CannotRun(program[0], "there is no such program")
    if not cwd.is_dir():
        raise CannotRun(program[0], f"there is no folder {cwd} to run it in")
    try:
        record.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRun(program[0], f"its record in {record} cannot be written ({error.strerror})") from None
    command = ["/bin/sh", "-c", _LET_GO, _RUN_ONCE, str(record), *program]
    started = subprocess.run(command, cwd=cwd, env=variables, start_new_session=True, stdout=PIPE, check=True)
    return int(started.stdout)


def _there(runner: int, record: Path) -> bool:
    """Whether whoever took the claim still runs; before anybody did, whether the runner that was let go does."""
    claimer = _claimer(record)
    return _alive(runner if claimer is None else claimer, record)


def _alive(runner: int, record: Path) -> bool:
    """Whether the process is there and is the runner of this record, not a later process with its number."""
    if Path("/proc/self").exists():
        try:
            line = Path(f"/proc/{runner}/cmdline").read_text(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return False
    else:
        line = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(runner)], stdout=PIPE, text=True).stdout
    return str(record) in line


def _end(runner: int, record: Path, how: signal.Signals) -> None:
    """Signal whoever took the claim and its program, if they are still there."""
    claimer = _claimer(record)
    ending = runner if claimer is None else claimer
    with suppress(ProcessLookupError):
        if _alive(ending, record):
            os.killpg(os.getpgid(ending), how)
