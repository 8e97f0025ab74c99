"""The daemon as a process: its log, its signals, its exit code."""

from __future__ import annotations

import asyncio
import logging
import logging.handlers
import os
import signal
import sys
from pathlib import Path

from daemon.app import App
from daemon.claim import AlreadyRunning
from daemon.config import BadConfig, load
from integrations.sandbox.process import NotStarted
from policies.audit.checkpoint import BadCheckpoint, WrongKey
from policies.audit.log import CannotRecord, NewerFile, RolledBack
from policies.audit.redact import redact
from policies.audit.witness import BadWitness
from policies.engine import RuleError
from policies.store import BadDatabase
from policies.store import NewerFile as NewerDatabase
from policies.visible import visible

WRONG = 2
REFUSALS = (
    AlreadyRunning,
    BadConfig,
    BadCheckpoint,
    BadDatabase,
    BadWitness,
    CannotRecord,
    NewerDatabase,
    NewerFile,
    NotStarted,
    OSError,
    RolledBack,
    RuleError,
    WrongKey,
)
"""Why a daemon does not start, each with a message that says what to do."""


def serve(home: Path, *, sandbox: bool) -> int:
    """Run the daemon until SIGINT or SIGTERM, and return its exit code."""
    try:
        make_private(home)
        keep_log(home / "logs")
        asyncio.run(_serve(App(home, load(home), sandbox=sandbox)))
    except REFUSALS as refusal:
        print(f"DevOS does not start: {visible(str(refusal))}", file=sys.stderr)
        return WRONG if isinstance(refusal, BadConfig | RuleError) else 1
    return 0


def make_private(home: Path) -> None:
    """Make the folder, or close one that is ours to everybody else: it holds keys, rules and the control socket.

    Raises:
        PermissionError: it belongs to another account.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if home.stat().st_uid != os.getuid():
        raise PermissionError(f"{home} belongs to another account; set DEVOS_HOME to a folder of your own.")
    home.chmod(0o700)


async def _serve(app: App) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    print("Starting…", file=sys.stderr, flush=True)
    async with app:
        print("ready", flush=True)
        await stop.wait()
        await app.pause()
        # The same as being killed, which everything here is made for, at a good moment: an orderly end would let runs
        # that wait see their database close, and take that for a failure.
        os._exit(0)


def keep_log(folder: Path) -> None:
    """Write what happens to `folder`/devos.log, one JSON object a line, secrets taken out, 5 files of 1 MB at most."""
    import structlog

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def no_secrets(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return dict(redact({name: value for name, value in event.items() if not name.startswith("_")})) | {
            name: value for name, value in event.items() if name.startswith("_")
        }

    handler = logging.handlers.RotatingFileHandler(folder / "devos.log", maxBytes=1_000_000, backupCount=4)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_logger_name,
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            processors=[
                structlog.processors.format_exc_info,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                no_secrets,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("dbos", "httpx", "uvicorn", "faster_whisper", "kubernetes", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
