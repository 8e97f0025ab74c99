"""Reads a recording from a file: any rate, any number of channels, a few minutes at most."""

from __future__ import annotations

import hashlib
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from daemon.hearing.container import cut_short

if TYPE_CHECKING:
    import numpy as np
    from av.container import InputContainer
    from numpy.typing import NDArray

RATE = 16_000
"""Samples per second that the models listen at."""

LIMIT_SECONDS = 300
"""The longest recording that is read: a request is a sentence or two, so five minutes are already generous."""

LIMIT_BYTES = 256 * 1024 * 1024
"""The largest file that is opened: five minutes of 24-bit stereo at 96 kHz are 165 MiB."""

LOWEST_RATE = 4_000
"""Below this many samples per second there is no speech left to recognise."""

_FORMATS = "wav,flac,ogg,mp3"
"""All that FFmpeg may take the file for: it knows playlists as well, which make it open other files and addresses."""


class NotARecording(ValueError):
    """The file cannot be listened to; the message says which file and why."""


@dataclass(frozen=True, eq=False)
class Recording:
    """What a file holds, ready to be listened to."""

    samples: NDArray[np.float32]
    """One channel at 16 kHz, values from -1 to 1, shape (n,)."""
    seconds: float
    sha256: str
    """Digest of the file as it stands on disk, in hexadecimal."""
    decode_ms: float
    """How long reading and decoding took, in milliseconds."""


def read(path: Path) -> Recording:
    """Read a WAV, FLAC, Ogg (Vorbis, Opus) or MP3 file.

    Memory stays bounded: what is too long is refused by its header, or else as soon as decoding reaches the limit.

    Raises:
        NotARecording: there is no such file, it may not be read, holds no sound, is damaged, cut short or too long.
    """
    started = time.perf_counter()
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise NotARecording(f"{path} is {'a folder' if path.is_dir() else 'no ordinary file'}, not a recording.")
        with path.open("rb") as file:
            samples = _samples(file, path)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise NotARecording(f"There is no file {path}.") from None
    except PermissionError:
        raise NotARecording(f"{path} may not be read by this account.") from None
    except OSError as error:
        raise NotARecording(f"{path} could not be read: {error.strerror or error}.") from error
    return Recording(samples, len(samples) / RATE, digest, (time.perf_counter() - started) * 1000)


def _samples(file: BinaryIO, path: Path) -> NDArray[np.float32]:
    """Decode the whole file."""
    import av
    import numpy as np

    size = file.seek(0, 2)
    if size == 0:
        raise NotARecording(f"{path} is empty (0 bytes).")
    if size > LIMIT_BYTES:
        raise NotARecording(f"{path} is {size >> 20:,} MiB large; {_limit()}")
    incomplete = cut_short(file)
    file.seek(0)
    try:
        opened = av.open(file, "r", metadata_errors="ignore", options={"format_whitelist": _FORMATS})
    except (av.FFmpegError, ValueError) as error:
        if incomplete:
            raise NotARecording(_damaged(path)) from error
        raise NotARecording(
            f"{path} is not a recording that can be read: DevOS reads WAV, FLAC, Ogg and MP3, whatever the name says."
        ) from error
    with opened as container:
        promised = _promised_seconds(container, path)
        try:
            chunks = list(_decode(container, path))
            # MP3 and Ogg headers count the encoder's padding, which the decoder takes away.
            slack = 0.01 if container.format.name in {"wav", "flac"} else 0.1
        except NotARecording:
            raise
        except (av.FFmpegError, ValueError) as error:
            raise NotARecording(_damaged(path)) from error
    samples = np.concatenate(chunks) if chunks else np.zeros(0, np.float32)
    if incomplete or len(samples) / RATE < promised - slack:
        raise NotARecording(_damaged(path))
    if not len(samples):
        raise NotARecording(f"{path} holds no sound.")
    return np.clip(np.nan_to_num(samples), -1.0, 1.0)


def _promised_seconds(container: InputContainer, path: Path) -> float:
    """The duration that the header states, 0 where it states none; too long a one is refused here, without decoding."""
    if not container.streams.audio:
        raise NotARecording(f"{path} holds no sound.")
    rate = container.streams.audio[0].rate
    if rate < LOWEST_RATE:
        raise NotARecording(f"{path} has {rate:,} samples a second; speech needs {LOWEST_RATE:,} at least.")
    seconds = (container.duration or 0) / 1_000_000
    if seconds > LIMIT_SECONDS:
        raise NotARecording(f"{path} is {_spoken(seconds)} long; {_limit()}")
    return seconds


def _decode(container: InputContainer, path: Path) -> Iterator[NDArray[np.float32]]:
    """Decode and resample, frame by frame, up to the limit."""
    from av.audio.resampler import AudioResampler

    resampler = AudioResampler(format="flt", layout="mono", rate=RATE)
    stream = container.streams.audio[0]
    # So a FLAC frame whose checksum is wrong is left out, and its length missed, rather than passing as sound.
    stream.codec_context.options = {"err_detect": "crccheck+explode"}
    left = LIMIT_SECONDS * RATE
    for frame in container.decode(stream):
        frame.pts = None  # a gap in the time stamps is no reason to stop
        for resampled in resampler.resample(frame):
            yield resampled.to_ndarray()[0]
            left -= resampled.samples
        if left < 0:
            raise NotARecording(f"{path} is more than {_spoken(LIMIT_SECONDS)} long; {_limit()}")
    for resampled in resampler.resample(None):
        yield resampled.to_ndarray()[0]


def _limit() -> str:
    return f"a request may take {_spoken(LIMIT_SECONDS)}. Cut out the part that matters."


def _damaged(path: Path) -> str:
    return f"{path} is damaged: part of it is missing. Record or copy it again."


def _spoken(seconds: float) -> str:
    """A length of time as a person would say it."""
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{seconds / 3600:.1f} hours"
