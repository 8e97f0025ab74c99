"""A sound card that is none: PulseAudio with a microphone that tests speak into and a speaker that they listen to.

The server is real, and so is everything above it: ALSA, PortAudio, sounddevice. A pipe feeds the microphone in real
time, as nothing else can: a person's voice takes its time as well.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import tempfile
import threading
import time
import wave
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
CHUNK = 320
"""Samples that are written at once: 20 ms."""
SECONDS = 20.0

SERVER = """
load-module module-native-protocol-unix auth-anonymous=1 socket={socket}
load-module module-null-sink sink_name=speaker format=s16le rate=16000 channels=1
load-module module-pipe-source source_name=microphone file={pipe} format=s16le rate=16000 channels=1
set-default-sink speaker
set-default-source microphone
"""

Samples = NDArray[np.int16]


def spoken(text: str, voice: str = "en-us", *, speed: int = 160) -> Samples:
    """A sentence as espeak-ng says it, at 16 kHz."""
    words = ["espeak-ng", "-v", voice, "-s", str(speed), "--stdout", text]
    wave = subprocess.run(words, check=True, capture_output=True).stdout
    # Its header says 22.05 kHz, and a length that is not known while it is written to a pipe.
    loud = np.frombuffer(wave[44 : 44 + (len(wave) - 44) // 2 * 2], np.int16)
    at = np.arange(0, len(loud) - 1, 22_050 / RATE)
    return np.interp(at, np.arange(len(loud)), loud).astype(np.int16)


def said_by_flite(text: str, voice: str = "slt") -> Samples:
    """A sentence as one of flite's voices says it, which wake words take for a person's."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", file.name], check=True)
        with wave.open(file.name) as read:
            loud, rate = np.frombuffer(read.readframes(read.getnframes()), np.int16), read.getframerate()
    at = np.arange(0, len(loud) - 1, rate / RATE)
    return np.interp(at, np.arange(len(loud)), loud).astype(np.int16)


class VirtualSound:
    """A microphone and a speaker for whatever is started with `environment`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pipe, self.socket = folder / "microphone", folder / "pulse"
        (folder / "server").write_text(SERVER.format(socket=self.socket, pipe=self.pipe))
        (folder / "client").write_text(f"default-server = unix:{self.socket}\nautospawn = no\nenable-shm = no\n")
        (folder / ".asoundrc").write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
        self._waiting: list[Samples] = []
        self._heard: list[Samples] = []
        self._samples = 0
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._silent = threading.Event()
        self._silent.set()
        self.looped = False
        """Whether the microphone hears the speaker, as it does in a room."""
        self._room: list[Samples] = []
        self._server: subprocess.Popen[bytes] | None = None
        self._recorder: subprocess.Popen[bytes] | None = None
        self._listener = threading.Thread()
        self._ends = threading.Event()
        self._writer = threading.Thread(target=self._write, daemon=True)

    @property
    def environment(self) -> dict[str, str]:
        """What makes a process use it; everything that would find another sound server is taken away."""
        return {
            "PULSE_SERVER": f"unix:{self.socket}",
            "PULSE_CLIENTCONFIG": str(self.folder / "client"),
            "PULSE_RUNTIME_PATH": str(self.folder),
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder),
        }

    def __enter__(self) -> VirtualSound:
        self.start()
        self._writer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._writer.join(SECONDS)
        self.stop()

    def start(self) -> None:
        """Start the sound server, anew if it was stopped."""
        self.pipe.unlink(missing_ok=True)  # it would not take what is there for its own
        self._server = subprocess.Popen(
            [
                *("pulseaudio", "-n", "-F", str(self.folder / "server"), "--daemonize=no", "--use-pid-file=no"),
                *("--exit-idle-time=-1", "--disable-shm=yes", f"--log-target=file:{self.folder / 'log'}"),
            ],
            env=os.environ | self.environment,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + SECONDS
        while subprocess.run(["pactl", "info"], env=os.environ | self.environment, capture_output=True).returncode:
            assert time.monotonic() < until and self._server.poll() is None, "the sound server does not start"
            self._ends.wait(0.05)
        self._recorder = subprocess.Popen(
            [
                "parec",
                "--device=speaker.monitor",
                "--format=s16le",
                "--rate=16000",
                "--channels=1",
                "--latency-msec=20",
            ],
            env=os.environ | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._listener = threading.Thread(target=self._listen, args=[self._recorder], daemon=True)
        self._listener.start()

    def stop(self) -> None:
        """End the sound server, as `kill -9` does."""
        for each in (self._recorder, self._server):
            if each is not None:
                each.send_signal(signal.SIGKILL)
                each.wait()
        self._listener.join(SECONDS)

    def revive(self) -> None:
        """Start it again where a test has killed it, and forget what was still to be said."""
        with self._lock:
            self._waiting.clear()
        if self._server is None or self._server.poll() is not None:
            self.start()

    def unload(self, module: str) -> None:
        """Take a device away: "module-pipe-source" is the microphone."""
        subprocess.run(["pactl", "unload-module", module], env=os.environ | self.environment, check=True)

    def load(self, *module: str) -> None:
        """Plug a device in: the words of `pactl load-module`."""
        subprocess.run(["pactl", "load-module", *module], env=os.environ | self.environment, check=True)

    def microphone_again(self) -> None:
        """Plug the microphone in again."""
        source = ["source_name=microphone", f"file={self.pipe}", "format=s16le", "rate=16000", "channels=1"]
        self.load("module-pipe-source", *source)

    def say(self, samples: Samples, *, pause: float = 0.0) -> None:
        """Speak into the microphone: after what is being said, and a pause in seconds."""
        with self._lock:
            self._silent.clear()
            self._waiting.append(np.concatenate([np.zeros(int(pause * RATE), np.int16), samples]))

    def said(self) -> None:
        """Wait until everything was said."""
        assert self._silent.wait(60), "the microphone is not listened to"

    def heard(self) -> Samples:
        """Everything that the speaker played since this was asked last; silence that it was not playing included."""
        with self._lock:
            found, self._heard = self._heard, []
        return np.concatenate(found) if found else np.zeros(0, np.int16)

    def pause(self, seconds: float) -> None:
        """Let time pass in which the speaker is listened to."""
        with self._arrived:
            due = self._samples + seconds * RATE
            assert self._arrived.wait_for(lambda: self._samples >= due, seconds + SECONDS), "the speaker is gone"

    def reply(self, *, quiet: float = 0.9, least: float = 0.5, patience: float = 60.0) -> Samples:
        """Listen to what is said next, until it is over: the sound from now on.

        Args:
            quiet: seconds of silence that end it.
            least: seconds of sound that it has to have; the earcons have less.
            patience: seconds until the test has failed.
        """
        found, loud, silent = list[Samples](), 0, 0
        until = time.monotonic() + patience
        with self._arrived:
            while loud < least * RATE or silent < quiet * RATE:
                assert self._arrived.wait_for(lambda: bool(self._heard), until - time.monotonic()), "nothing is said"
                for piece in self._heard:
                    found.append(piece)
                    is_loud = bool(np.abs(piece.astype(np.int32)).max() > 300)
                    loud, silent = (loud + len(piece), 0) if is_loud else (loud, silent + len(piece))
                self._heard.clear()
                assert time.monotonic() < until, "what is said does not end, or nothing is said"
        return np.concatenate(found)

    def _listen(self, recorder: subprocess.Popen[bytes]) -> None:
        assert recorder.stdout is not None
        with recorder.stdout:
            self._collect(recorder.stdout)

    def _collect(self, stream: IO[bytes]) -> None:
        while data := stream.read(2 * CHUNK):
            piece = np.frombuffer(data[: len(data) // 2 * 2], np.int16)
            with self._lock:
                self._heard.append(piece)
                self._samples += len(piece)
                self._arrived.notify_all()
                if self.looped:
                    self._room.append(piece)

    def _write(self) -> None:
        """Feed the microphone at the pace of a clock; nobody listening, what is said is lost, as it is in a room."""
        due = time.monotonic()
        pipe: Any = None
        while not self._ends.is_set():
            due += CHUNK / RATE
            self._ends.wait(max(0.0, due - time.monotonic()))
            data = self._next().tobytes()
            try:
                if pipe is None:
                    pipe = os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK)
                if select.select([], [pipe], [], 0)[1]:
                    os.write(pipe, data)
            except OSError:
                if pipe is not None:
                    os.close(pipe)
                pipe = None
        if pipe is not None:
            os.close(pipe)

    def _next(self) -> Samples:
        """The next 20 ms: what is said, and what the speaker plays where it can be heard."""
        with self._lock:
            chunk = np.zeros(CHUNK, np.int16)
            if self._waiting:
                piece = self._waiting[0]
                chunk[: len(piece[:CHUNK])] = piece[:CHUNK]
                self._waiting[0] = piece[CHUNK:]
                if not len(self._waiting[0]):
                    del self._waiting[0]
            else:
                self._silent.set()
            if self._room:
                echo = self._room.pop(0)
                chunk[: len(echo)] = np.clip(chunk[: len(echo)].astype(np.int32) + echo, -32768, 32767)
            return chunk
