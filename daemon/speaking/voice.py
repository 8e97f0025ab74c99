"""Turns a sentence into sound: pyttsx3 in a process of its own, which is killed when it hangs."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from typing import IO, Any

from daemon.speaking.clip import Clip
from policies.visible import visible

PROGRAM = (sys.executable, "-P", "-m", "daemon.speaking.rendering")
STARTING = 20.0
"""Seconds that the process may need to start, on a machine that is busy with something else."""
LIMIT, PER_CHARACTER = 6.0, 0.03
"""Seconds that a sentence may take to be rendered; a healthy engine needs a hundredth of that."""
IDLE_MINUTES = 5.0


class NoVoice(RuntimeError):
    """Nothing can be said; the message is one sentence for a person, with what mends it."""


class _Hangs(Exception):
    """The process does not answer in time, or has ended."""


class Voice:
    """Renders one sentence at a time; from any thread."""

    def __init__(
        self,
        name: str | None = None,
        *,
        rate: int = 180,
        idle_minutes: float = IDLE_MINUTES,
        program: Sequence[str] = PROGRAM,
        starting: float = STARTING,
        limit: float = LIMIT,
    ) -> None:
        """Make a voice; its process is started for its first sentence.

        Args:
            name: a part of the voice's name; by default an English one.
            rate: words a minute.
            idle_minutes: how long after its last sentence the process is ended, for its memory.
            program: what renders; it is given a folder of its own as its last argument.
            starting: seconds that it may need to start.
            limit: seconds that a short sentence may need; a long one may need more.
        """
        self._name, self._rate, self._idle = name, rate, 60 * idle_minutes
        self._program, self._starting, self._limit = tuple(program), starting, limit
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._timer: threading.Timer | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process that renders; None while there is none."""
        process = self._process
        return process.pid if process is not None else None

    def render(self, text: str) -> Clip:
        """The sentence as sound; tried once more with a new process where the first one hangs.

        Args:
            text: prepared for the ear, and not longer than a sentence.

        Raises:
            NoVoice: espeak-ng is not installed, there is no such voice, or rendering fails.
        """
        with self._lock:
            self._forget_timer()
            try:
                try:
                    return self._rendered(text)
                except _Hangs:
                    self._end()
                    return self._rendered(text)
            except _Hangs as why:
                self._end()
                raise NoVoice(f"The voice does not answer ({why}); what should be said is shown instead") from None
            finally:
                self._end_later()

    def close(self) -> None:
        """End the process for good, also one that hangs; from any thread."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
        self._rest()

    def _rest(self) -> None:
        """End the process; a later sentence starts a new one."""
        with self._lock:
            self._forget_timer()
            self._end()

    def _rendered(self, text: str) -> Clip:
        deadline = time.monotonic() + self._limit + PER_CHARACTER * len(text)
        if self._process is None:
            deadline += self._starting
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        request = json.dumps({"text": text, "voice": self._name, "rate": self._rate})
        try:
            process.stdin.write(request.encode() + b"\n")
        except OSError:
            raise _Hangs("it has ended") from None
        pipe = _Pipe(process.stdout, deadline)
        answer = pipe.line()
        if "problem" in answer:
            if answer.get("missing"):
                self._end()  # once it is installed, a new process finds it
            raise NoVoice(visible(str(answer["problem"]), lines=False))
        return _clip(pipe.take(2 * int(answer["samples"])), int(answer["rate"]))

    def _started(self) -> subprocess.Popen[bytes]:
        if self._closed:
            raise NoVoice("The voice has been switched off")
        if self._process is None:
            try:
                self._folder = tempfile.TemporaryDirectory(
                    prefix="devos-voice-", dir=_in_memory(), ignore_cleanup_errors=True
                )
                self._process = subprocess.Popen(
                    [*self._program, self._folder.name],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    bufsize=0,
                    start_new_session=True,  # Ctrl-C ends the daemon, which ends this
                    cwd=self._folder.name,
                )
            except OSError as error:
                self._end()
                raise NoVoice(f"The voice's process does not start: {error.strerror or error}") from None
        return self._process

    def _end_later(self) -> None:
        if self._process is not None:
            self._timer = threading.Timer(self._idle, self._rest)
            self._timer.daemon = True
            self._timer.name = "voice-idle"
            self._timer.start()

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self) -> None:
        process, self._process = self._process, None
        folder, self._folder = self._folder, None
        if process is not None:
            process.kill()  # it keeps nothing, and what hangs would not listen
            with process:
                process.wait()
        if folder is not None:
            folder.cleanup()


def _in_memory() -> str | None:
    """A folder whose files never reach a disk, as words that confirm must not; None where the system has none."""
    folders = (os.environ.get("XDG_RUNTIME_DIR"), "/dev/shm")
    return next((each for each in folders if each and os.access(each, os.W_OK | os.X_OK)), None)


class _Pipe:
    """What a process writes, read until a deadline."""

    def __init__(self, stream: IO[bytes], deadline: float) -> None:
        self._file, self._deadline = stream.fileno(), deadline
        self._read = b""

    def line(self) -> dict[str, Any]:
        while b"\n" not in self._read:
            self._more()
        line, _, self._read = self._read.partition(b"\n")
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise _Hangs("it answers with something else")
        return answer

    def take(self, count: int) -> bytes:
        pieces, size = [self._read], len(self._read)
        while size < count:
            self._read = b""
            self._more()
            pieces.append(self._read)
            size += len(self._read)
        return b"".join(pieces)[:count]

    def _more(self) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(self._file, selectors.EVENT_READ)
            if not ready.select(max(0.0, self._deadline - time.monotonic())):
                raise _Hangs("it takes too long")
        data = os.read(self._file, 1 << 16)
        if not data:
            raise _Hangs("it has ended")
        self._read += data


def _clip(data: bytes, rate: int) -> Clip:
    """The sound without the silence at its end, of which the engine gives half a second."""
    import numpy as np

    samples = np.frombuffer(data, np.int16).astype(np.float32) / np.float32(32768)
    loud = np.flatnonzero(np.abs(samples) > 1e-3)
    end = min(len(samples), int(loud[-1]) + rate // 10) if len(loud) else 0
    return Clip(samples[:end], rate)
