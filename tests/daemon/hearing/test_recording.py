"""Reading recordings: every kind that is promised, and a clear answer to everything else."""

from __future__ import annotations

import hashlib
import os
import resource
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.hearing.recording import LIMIT_BYTES, LIMIT_SECONDS, RATE, NotARecording, read

from .conftest import Write

NOBODY = 65534


def tone(seconds: float, frequency: float = 440.0) -> NDArray[np.float32]:
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


def loudest_frequency(samples: NDArray[np.float32]) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * RATE / len(samples))


def wav_header(length: int, rate: int = RATE) -> bytes:
    """The 44 bytes before the sound of a mono 16-bit WAV file that claims `length` bytes of it."""
    return (
        b"RIFF" + struct.pack("<I", min(36 + length, 0xFFFFFFFF)) + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16) + b"data" + struct.pack("<I", length)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "rate", "channels"),
    [
        ("a.wav", 8_000, 1),
        ("a.wav", 16_000, 1),
        ("a.wav", 44_100, 6),
        ("a.wav", 48_000, 2),
        ("a.flac", 22_050, 1),
        ("a.flac", 96_000, 2),
        ("a.ogg", 44_100, 2),
        ("a.opus", 48_000, 1),
        ("a.mp3", 44_100, 2),
    ],
)
def test_any_rate_and_any_channels_become_one_channel_at_16_khz(
    tmp_path: Path, write: Write, name: str, rate: int, channels: int
) -> None:
    path = write(tmp_path / name, tone(2.0), rate, channels)
    recording = read(path)
    assert recording.samples.dtype == np.float32
    assert recording.samples.shape == (round(recording.seconds * RATE),)
    assert recording.seconds == pytest.approx(2.0, abs=0.06)
    assert loudest_frequency(recording.samples) == pytest.approx(440.0, abs=2)
    assert 0.3 < np.abs(recording.samples).max() <= 1.0
    assert recording.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert recording.decode_ms > 0


def test_the_kind_is_told_by_what_is_in_the_file_not_by_its_name(tmp_path: Path, write: Write) -> None:
    path = write(tmp_path / "a.flac", tone(1.0)).rename(tmp_path / "a.wav")
    assert read(path).seconds == pytest.approx(1.0)


def test_a_wav_from_a_pipe_says_no_length_and_is_read_to_its_end(tmp_path: Path) -> None:
    sound = (tone(1.0) * 32767).astype("<i2").tobytes()
    for claimed in (0x7FFFF000, 0xFFFFFFFF):
        (tmp_path / "a.wav").write_bytes(wav_header(claimed) + sound)
        assert read(tmp_path / "a.wav").seconds == pytest.approx(1.0)


def test_what_is_no_number_becomes_silence_and_what_is_too_loud_is_clipped(tmp_path: Path) -> None:
    sound = np.array([0.5, np.nan, np.inf, -7.0] * RATE, "<f4").tobytes()
    sixteen_bit = wav_header(len(sound))
    header = sixteen_bit[:16] + struct.pack("<IHHIIHH", 16, 3, 1, RATE, 4 * RATE, 4, 32) + sixteen_bit[36:]
    (tmp_path / "a.wav").write_bytes(header + sound)
    samples = read(tmp_path / "a.wav").samples
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 1.0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty (0 bytes)"),
        (b"scale web-app to ten\n" * 100, "is not a recording that can be read"),
        (b"ten", "is not a recording that can be read"),
        (bytes(range(256)) * 400, "is not a recording that can be read"),
        (b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n", "is not a recording that can be read"),
        (wav_header(0, rate=1_000) + bytes(4_000), "has 1,000 samples a second; speech needs 4,000 at least"),
        (wav_header(0), "holds no sound"),
        (wav_header(3_600 * 2 * RATE), "is damaged: part of it is missing"),
        (wav_header(2 * RATE)[:36], "is damaged: part of it is missing"),
    ],
)
def test_what_is_no_recording_gets_a_clear_answer(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "request.wav"
    path.write_bytes(content)
    with pytest.raises(NotARecording) as refusal:
        read(path)
    assert str(path) in str(refusal.value)
    assert says in str(refusal.value)


def test_a_playlist_cannot_make_it_open_another_file(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "secret.wav", tone(1.0))
    (tmp_path / "list.wav").write_text("ffconcat version 1.0\nfile secret.wav\n")
    with pytest.raises(NotARecording, match="is not a recording that can be read"):
        read(tmp_path / "list.wav")


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.opus", "a.mp3"])
def test_a_file_that_was_cut_short_is_refused(tmp_path: Path, write: Write, name: str) -> None:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 3 * RATE).astype(np.float32)
    path = write(tmp_path / name, noise, 48_000, channels=2)
    whole = path.read_bytes()
    read(path)
    for part in (0.5, 0.9):
        path.write_bytes(whole[: int(len(whole) * part)])
        with pytest.raises(NotARecording, match="is damaged: part of it is missing"):
            read(path)


def test_a_flac_with_altered_sound_is_refused(tmp_path: Path, write: Write) -> None:
    path = write(tmp_path / "a.flac", np.random.default_rng(1).uniform(-0.5, 0.5, RATE).astype(np.float32))
    altered = bytearray(path.read_bytes())
    altered[len(altered) // 2] ^= 0xFF
    path.write_bytes(altered)
    with pytest.raises(NotARecording, match="is damaged"):
        read(path)


def test_no_file_a_folder_and_a_device(tmp_path: Path) -> None:
    with pytest.raises(NotARecording, match=r"There is no file .*gone\.wav"):
        read(tmp_path / "gone.wav")
    with pytest.raises(NotARecording, match="is a folder, not a recording"):
        read(tmp_path)
    with pytest.raises(NotARecording, match="is no ordinary file, not a recording"):
        read(Path("/dev/zero"))
    with pytest.raises(NotARecording, match="could not be read: File name too long"):
        read(tmp_path / ("a" * 300))


def test_a_file_that_may_not_be_read(tmp_path: Path, write: Write) -> None:
    path = write(tmp_path / "a.wav", tone(0.5))
    read(path)
    path.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        with pytest.raises(NotARecording, match="may not be read by this account"):
            read(path)
    finally:
        if root:
            os.seteuid(0)


def grown_by(before: int) -> int:
    """Bytes by which the most memory this process ever had has grown."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before


def test_an_hour_is_refused_by_its_header(tmp_path: Path, write: Write) -> None:
    """A sparse WAV, and an hour of silence as FLAC."""
    wav = tmp_path / "hour.wav"
    wav.write_bytes(wav_header(3_600 * 2 * RATE))
    os.truncate(wav, 44 + 3_600 * 2 * RATE)
    flac = write(tmp_path / "hour.flac", np.zeros(3_600 * RATE, np.float32))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    for path in (wav, flac):
        with pytest.raises(NotARecording, match="is 60 minutes long; a request may take 5 minutes"):
            read(path)
    assert grown_by(before) < 10_000_000


def test_an_hour_whose_header_says_nothing_is_decoded_up_to_the_limit(tmp_path: Path, write: Write) -> None:
    path = write(tmp_path / "hour.flac", np.zeros(3_600 * RATE, np.float32))
    content = bytearray(path.read_bytes())
    # STREAMINFO's 36 bits of total samples, 0 for unknown, as a program that writes to a pipe leaves them.
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    with pytest.raises(NotARecording, match="is more than 5 minutes long"):
        read(path)
    assert grown_by(before) < LIMIT_SECONDS * RATE * 4 * 3


def test_several_hours_are_said_as_hours(tmp_path: Path) -> None:
    path = tmp_path / "day.wav"
    path.write_bytes(wav_header(9_000 * 2 * 8_000, rate=8_000))
    os.truncate(path, 44 + 9_000 * 2 * 8_000)
    with pytest.raises(NotARecording, match=r"is 2\.5 hours long"):
        read(path)


def test_a_huge_file_is_not_even_opened(tmp_path: Path) -> None:
    path = tmp_path / "huge.wav"
    path.touch()
    os.truncate(path, LIMIT_BYTES + 1)
    with pytest.raises(NotARecording, match="is 256 MiB large; a request may take 5 minutes"):
        read(path)


def test_five_minutes_are_allowed(tmp_path: Path, write: Write) -> None:
    path = write(tmp_path / "long.flac", np.zeros(LIMIT_SECONDS * RATE, np.float32))
    assert read(path).seconds == LIMIT_SECONDS
