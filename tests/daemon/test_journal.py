"""What journald and the unified log receive."""

from __future__ import annotations

import array
import logging
import os
import socket
import struct
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.journal import Journal, UnifiedLog, encoded, system_log


def decoded(message: bytes) -> dict[str, str]:
    """Fields, as journald reads them."""
    fields = {}
    while message:
        line, _, rest = message.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (length,) = struct.unpack("<Q", rest[:8])
            value, rest = rest[8 : 8 + length], rest[8 + length + 1 :]
        fields[name.decode()] = value.decode()
        message = rest
    return fields


class Journald:
    """The socket that journald listens at."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        self._socket.settimeout(10)

    def next(self) -> dict[str, str]:
        """The next record, in the datagram or in the file that came with it."""
        passed = array.array("i")
        message, ancillary, _, _ = self._socket.recvmsg(1 << 20, socket.CMSG_LEN(4))
        for _, _, data in ancillary:
            passed.frombytes(data)
        for descriptor in passed:
            with os.fdopen(descriptor, "rb") as file:
                file.seek(0)
                message += file.read()
                with pytest.raises(OSError):
                    os.truncate(file.fileno(), 0)  # it is sealed
        return decoded(message)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def journald() -> Iterator[Journald]:
    with tempfile.TemporaryDirectory(prefix="devos-") as folder:
        found = Journald(str(Path(folder, "socket")))
        yield found
        found.close()


@pytest.fixture
def logger(journald: Journald) -> Iterator[logging.Logger]:
    handler = Journal(journald.path)
    found = logging.getLogger("devos.test_journal")
    found.addHandler(handler)
    found.setLevel(logging.DEBUG)
    found.propagate = False
    yield found
    found.removeHandler(handler)
    handler.close()


def test_a_record_has_the_usual_fields_and_its_own(journald: Journald, logger: logging.Logger) -> None:
    logger.warning("run %s waits", "261120-0a1b2c3d", extra={"run": "261120-0a1b2c3d", "step no": 3})
    fields = journald.next()
    assert fields["MESSAGE"] == "run 261120-0a1b2c3d waits" and fields["PRIORITY"] == "4"
    assert fields["SYSLOG_IDENTIFIER"] == "devos" and fields["LOGGER"] == "devos.test_journal"
    assert fields["CODE_FILE"] == __file__ and fields["CODE_LINE"].isdigit()
    assert fields["CODE_FUNC"] == "test_a_record_has_the_usual_fields_and_its_own"
    assert fields["DEVOS_RUN"] == "261120-0a1b2c3d" and fields["DEVOS_STEP_NO"] == "3"


@pytest.mark.parametrize(("level", "priority"), [(10, "7"), (20, "6"), (30, "4"), (40, "3"), (50, "2"), (35, "4")])
def test_levels_are_syslog_s(journald: Journald, logger: logging.Logger, level: int, priority: str) -> None:
    logger.log(level, "x")
    assert journald.next()["PRIORITY"] == priority


def test_several_lines_and_a_fault_s_way_arrive_whole(journald: Journald, logger: logging.Logger) -> None:
    try:
        raise ValueError("no\nsuch thing")
    except ValueError:
        logger.exception("it failed")
    message = journald.next()["MESSAGE"]
    assert message.startswith("it failed\nTraceback") and message.endswith("ValueError: no\nsuch thing")


def test_secrets_are_taken_out(journald: Journald, logger: logging.Logger) -> None:
    logger.info("Authorization: Bearer abcdef0123456789abcdef", extra={"api_key": "hunter2hunter2", "note": "fine"})
    fields = journald.next()
    assert "abcdef0123456789abcdef" not in str(fields) and "hunter2" not in str(fields)
    assert fields["DEVOS_NOTE"] == "fine"


@pytest.mark.skipif(sys.platform != "linux", reason="files in memory are Linux's")
def test_what_is_too_large_for_a_datagram_comes_as_a_file_that_nobody_can_change(
    journald: Journald, logger: logging.Logger
) -> None:
    text = "word and word " * 200_000
    logger.info(text)
    assert journald.next()["MESSAGE"] == text


def test_a_journald_that_is_gone_or_does_not_read_holds_nothing_up(journald: Journald, logger: logging.Logger) -> None:
    for number in range(1000):
        logger.info("%s", number)
    assert journald.next()["MESSAGE"] == "0"
    journald.close()
    logger.info("nobody reads this")


def test_it_is_written_to_only_where_it_keeps_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    about = os.fstat(2)
    ours = system_log({"JOURNAL_STREAM": f"{about.st_dev}:{about.st_ino}"}, "linux")
    assert isinstance(ours, Journal)
    ours.close()
    for other in ({}, {"JOURNAL_STREAM": f"{about.st_dev}:{about.st_ino + 1}"}, {"JOURNAL_STREAM": "x"}):
        assert system_log(other, "linux") is None


def test_on_macos_a_service_writes_to_the_unified_log_and_a_terminal_does_not() -> None:
    ours = system_log({"XPC_SERVICE_NAME": "local.devos.daemon"}, "darwin")
    assert isinstance(ours, UnifiedLog)
    assert system_log({"XPC_SERVICE_NAME": "0"}, "darwin") is None and system_log({}, "darwin") is None


def test_the_unified_log_gets_one_line_with_the_fields() -> None:
    sent: list[tuple[int, str]] = []
    handler = UnifiedLog(lambda priority, text: sent.append((priority, text)))
    record = logging.makeLogRecord(
        {"name": "devos.app", "levelno": logging.ERROR, "msg": "one\ntwo", "run": "261120-0a1b2c3d"}
    )
    handler.emit(record)
    assert sent == [(3, "devos.app: one | two devos_run=261120-0a1b2c3d")]


def test_a_value_with_line_ends_has_its_length() -> None:
    assert encoded({"A": "x=y", "B": "1\n2"}) == b"A=x=y\nB\n" + struct.pack("<Q", 3) + b"1\n2\n"
