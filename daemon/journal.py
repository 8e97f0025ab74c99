"""The system's own log, besides DevOS's files: journald's fields on Linux, the unified log on macOS.

journald takes datagrams of fields at a Unix socket (systemd.io/JOURNAL_NATIVE_PROTOCOL): NAME=VALUE and a line's end,
or the name, a line's end, the length as 64 bits, and the value. What is too large for a datagram is handed over as a
sealed memory file.
"""

from __future__ import annotations

import array
import errno
import fcntl
import logging
import os
import re
import socket
import struct
import sys
from collections.abc import Callable, Mapping

from policies.audit.redact import redact

JOURNAL = "/run/systemd/journal/socket"

IDENTIFIER = "devos"

PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
"""Levels of Python's logging → those of syslog(3); what is below is debugging, 7."""

_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; whatever else it has was said with it."""


def system_log(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> logging.Handler | None:
    """The handler for the log that keeps what this process writes to standard error; None where nobody keeps it.

    A terminal is not written to: who starts DevOS there wants to see what it says, and finds the rest in its files.
    """
    if platform == "darwin":
        # launchd is the parent of every service, and of nothing that is started at a terminal.
        return UnifiedLog() if environment.get("XPC_SERVICE_NAME", "0") != "0" else None
    return Journal() if _is_journal(environment.get("JOURNAL_STREAM", ""), 2) else None


def _is_journal(stream: str, descriptor: int) -> bool:
    """Whether that descriptor is what $JOURNAL_STREAM names; a child of a service may have redirected it."""
    try:
        about = os.fstat(descriptor)
    except OSError:
        return False
    return stream == f"{about.st_dev}:{about.st_ino}"


class Journal(logging.Handler):
    """Sends records to journald, secrets taken out, each with the fields that it was logged with."""

    def __init__(self, path: str = JOURNAL) -> None:
        super().__init__()
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record; one that journald does not take at once is left to the files, which have it, too."""
        try:
            self._send(encoded(fields_of(record)))
        except OSError:
            return
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
        super().close()

    def _send(self, message: bytes) -> None:
        try:
            self._socket.sendto(message, self._path)
        except OSError as problem:
            if problem.errno not in (errno.EMSGSIZE, errno.ENOBUFS):
                raise
            self._hand_over(message)

    def _hand_over(self, message: bytes) -> None:
        """Send what is too large for a datagram as a file in memory, which nobody can change any more."""
        file = os.memfd_create(IDENTIFIER, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            with os.fdopen(os.dup(file), "wb") as writing:
                writing.write(message)
            seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
            fcntl.fcntl(file, fcntl.F_ADD_SEALS, seals)
            passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file]))]
            self._socket.sendmsg([], passed, 0, self._path)
        finally:
            os.close(file)


def fields_of(record: logging.LogRecord) -> dict[str, str]:
    """A record as journald's fields: the usual ones (systemd.journal-fields(7)), and DEVOS_NAME for each of its own."""
    text = record.getMessage()
    if record.exc_info:
        text += "\n" + logging.Formatter().formatException(record.exc_info)
    own = {name: value for name, value in vars(record).items() if name not in _USUAL and not name.startswith("_")}
    clean = redact({"message": text, **{name: _json(value) for name, value in own.items()}})
    return {
        "MESSAGE": str(clean.pop("message")),
        "PRIORITY": str(priority(record.levelno)),
        "SYSLOG_IDENTIFIER": IDENTIFIER,
        "LOGGER": record.name,
        "CODE_FILE": record.pathname,
        "CODE_LINE": str(record.lineno),
        "CODE_FUNC": record.funcName or "",
        **{_name(name): str(value) for name, value in clean.items()},
    }


def priority(level: int) -> int:
    """A level of Python's logging as one of syslog(3)."""
    return next((number for least, number in PRIORITIES if level >= least), 7)


def encoded(fields: Mapping[str, str]) -> bytes:
    """Fields as journald reads them."""
    message = bytearray()
    for name, value in fields.items():
        content = value.encode(errors="replace")
        if b"\n" in content:
            message += name.encode() + b"\n" + struct.pack("<Q", len(content)) + content + b"\n"
        else:
            message += name.encode() + b"=" + content + b"\n"
    return bytes(message)


def _json(value: object) -> str | int | float | bool | None:
    return value if isinstance(value, str | int | float | bool) else str(value)


def _name(name: str) -> str:
    """The name of a field: capitals, digits and underscores, 64 at most."""
    return f"DEVOS_{re.sub(r'[^A-Z0-9]+', '_', name.upper())}"[:64]


class UnifiedLog(logging.Handler):
    """Sends records to macOS's unified log by syslog(3), which it takes up; secrets taken out."""

    def __init__(self, send: Callable[[int, str], None] | None = None) -> None:
        super().__init__()
        import syslog

        syslog.openlog(IDENTIFIER, syslog.LOG_PID, syslog.LOG_USER)
        self._syslog = send or syslog.syslog

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record, on one line."""
        try:
            fields = fields_of(record)
            own = [f"{name.lower()}={value}" for name, value in fields.items() if name.startswith("DEVOS_")]
            text = " ".join([f"{record.name}:", fields["MESSAGE"], *own])
            self._syslog(priority(record.levelno), " | ".join(text.splitlines()))
        except Exception:
            self.handleError(record)
