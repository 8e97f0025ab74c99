"""The daemon as a process: its log, its signals, what its service manager hears, its exit code."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import logging.handlers
import os
import signal
import sys
from pathlib import Path

from daemon.app import App
from daemon.claim import AlreadyRunning
from daemon.config import BadConfig, load
from daemon.journal import system_log
from daemon.notify import ServiceManager
from daemon.status import Status
from daemon.telemetry import NoTelemetry, Telemetry
from daemon.terminal import own_terminal
from integrations.sandbox.process import NotStarted
from policies.audit.checkpoint import BadCheckpoint, WrongKey
from policies.audit.log import CannotRecord, NewerFile, RolledBack
from policies.audit.redact import redact
from policies.audit.witness import BadWitness
from policies.engine import RuleError
from policies.store import BadDatabase
from policies.store import NewerFile as NewerDatabase
from policies.visible import visible

logger = logging.getLogger("devos.service")

WRONG = 2
LAST_METRICS = 2.0
"""Seconds that a collector has to take what is left when the daemon ends."""
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
        asyncio.run(_serve(App(home, load(home), sandbox=sandbox), ServiceManager()))
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


async def _serve(app: App, manager: ServiceManager) -> None:
    if manager.patience:  # a watchdog ends a process that hangs by SIGABRT: this way the log says where it hung
        faulthandler.enable()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    reading = _on_hangup(app, manager, stop)
    print("Starting…", file=sys.stderr, flush=True)
    manager.tell(STATUS="Starting.")
    async with app:
        telemetry = _telemetry(app)
        beside = [reading, asyncio.create_task(manager.keep_told(Status(app)))]
        if telemetry is not None:
            app.vocabulary.took, app.ears.took = telemetry.understood, telemetry.transcribed
            beside.append(asyncio.create_task(telemetry.follow(app.log)))
        print("ready", flush=True)
        manager.ready()
        await stop.wait()
        for task in beside:
            task.cancel()
        manager.tell(STOPPING=1, STATUS="Ending: changes that are under way come to their end.")
        await app.pause()
        if telemetry is not None:
            await telemetry.close(LAST_METRICS)
        # The same as being killed, which everything here is made for, at a good moment: an orderly end would let runs
        # that wait see their database close, and take that for a failure.
        os._exit(0)


def _telemetry(app: App) -> Telemetry | None:
    """Whom metrics are sent to; nobody, unless somebody is named. What is missing for it is no reason not to start."""
    if (endpoint := app.config.telemetry.endpoint) is None:
        return None
    try:
        return Telemetry(endpoint, questions=lambda: len(app.approvals.open()))
    except NoTelemetry as missing:
        logger.warning("%s", missing)
        print(visible(str(missing)), file=sys.stderr)
        return None


def _on_hangup(app: App, manager: ServiceManager, stop: asyncio.Event) -> asyncio.Task[None]:
    """Take SIGHUP as its sender means it: a service reads names anew, what a closed terminal leaves behind ends.

    Rules need no signal: changed ones are taken up by themselves.
    """
    asked = asyncio.Event()
    if manager.there or signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, (asked if manager.there else stop).set)

    async def read_again() -> None:
        while True:
            await asked.wait()
            asked.clear()
            manager.reloading()
            try:
                await app.vocabulary.refresh()
            except Exception:
                logger.exception("the names that exist could not be read again")
            manager.ready()

    return asyncio.create_task(read_again())


def keep_log(folder: Path) -> None:
    """Write what happens to `folder`/devos.log, one JSON object a line, secrets taken out, 5 files of 1 MB at most.

    A service writes it into the system's own log as well. At a terminal, what the senses lack is shown there.
    """
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
    root.handlers = [each for each in (handler, system_log(), own_terminal()) if each is not None]
    root.setLevel(logging.INFO)
    for noisy in ("dbos", "httpx", "uvicorn", "faster_whisper", "kubernetes", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
