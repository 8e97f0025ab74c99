from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.portaudio import NoSound
from daemon.speaking.clip import Clip
from daemon.speaking.player import Player, SoundLost


class Listener:
    """Notes what it is told about what is played."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []

    def opened(self) -> None:
        self.told.append(("opened", None))

    def playing(self, samples: NDArray[np.float32], at: float) -> None:
        self.told.append(("playing", (samples, at)))

    def stopped(self, at: float) -> None:
        self.told.append(("stopped", at))


def tone(value: float, count: int = 2000, rate: int = 22_050) -> Clip:
    return Clip(np.full(count, value, np.float32), rate)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def player(loudspeaker: Any, listener: Listener) -> Player:
    return Player("headset", listener, volume=0.5, open_output=loudspeaker.open)


def test_plays_one_after_another_on_one_stream(player: Player, loudspeaker: Any, listener: Listener) -> None:
    began = time.monotonic()
    assert player.play(tone(0.2), threading.Event())
    assert player.play(tone(0.4, 3000), threading.Event())
    player.rest()
    heard = loudspeaker.heard()
    assert np.array_equal(heard, np.repeat(np.float32([0.1, 0.2]), [2000, 3000]))
    assert [(each["name"], each["rate"]) for each in loudspeaker.opened] == [("headset", 22_050)]
    assert loudspeaker.streams[0].closed
    assert [what for what, _ in listener.told] == ["opened", "playing", "playing"]
    samples, at = listener.told[1][1]
    assert began <= at <= time.monotonic()
    assert len(samples) == pytest.approx(2000 / 22_050 * 16_000, abs=2), "the microphone hears it at 16 kHz"
    assert np.median(samples) == pytest.approx(0.1, abs=0.01), "and as loud as it is played"


def test_a_tone_is_no_voice_so_that_a_person_may_begin_while_it_sounds(
    player: Player, loudspeaker: Any, listener: Listener
) -> None:
    assert player.play(Clip(np.full(2000, 0.2, np.float32), 16_000, speech=False), threading.Event())
    player.rest()
    assert len(loudspeaker.heard()) == 2000
    assert [what for what, _ in listener.told] == ["opened"]


def test_gives_a_device_the_rate_that_it_can(player: Player, loudspeaker: Any) -> None:
    loudspeaker.rate = 48_000
    assert player.play(tone(0.2, 22_050), threading.Event())
    assert len(loudspeaker.heard()) == pytest.approx(48_000, rel=0.01)


def test_stops_in_the_middle_and_gives_the_device_back(player: Player, loudspeaker: Any, listener: Listener) -> None:
    cut = threading.Event()
    loudspeaker.pauses_after = 3
    with ThreadPoolExecutor() as pool:
        played = pool.submit(player.play, tone(0.2, 22_050), cut)
        until = time.monotonic() + 20
        while not any(what == "playing" for what, _ in listener.told):
            assert time.monotonic() < until, "nothing is played"
            time.sleep(0.001)
        cut.set()
        player.wake()
        assert played.result(20) is False
    assert loudspeaker.streams[0].closed, "what it was given already must not be played either"
    assert [what for what, _ in listener.told] == ["opened", "playing", "stopped"]
    heard = len(loudspeaker.heard())
    loudspeaker.pause.clear()
    assert player.play(tone(0.4), threading.Event())
    assert set(loudspeaker.heard()[heard:]) == {np.float32(0.2)}, "the first one does not go on"


def test_plays_nothing_that_was_cut_off_before_it_began(player: Player, loudspeaker: Any) -> None:
    cut = threading.Event()
    cut.set()
    assert player.play(tone(0.2), cut) is False
    assert len(loudspeaker.heard()) == 0


def test_says_when_the_device_goes_away(player: Player, loudspeaker: Any, listener: Listener) -> None:
    loudspeaker.dies_after = 2
    with pytest.raises(SoundLost, match="went away"):
        player.play(tone(0.2, 22_050), threading.Event())
    assert player.play(tone(0.4), threading.Event()), "it is opened again"
    assert len(loudspeaker.opened) == 2


def test_says_why_a_device_does_not_open(player: Player, loudspeaker: Any) -> None:
    loudspeaker.problems = [NoSound("No loudspeaker has 'headset' in its name")]
    with pytest.raises(NoSound, match="headset"):
        player.play(tone(0.2), threading.Event())
    assert player.play(tone(0.2), threading.Event())


@pytest.fixture
def hangs(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """What a device that hangs waits for; waited for 50 ms only."""
    monkeypatch.setattr("daemon.speaking.player.HANGS", 0.05)
    return threading.Event()


def test_leaves_a_device_that_hangs_while_it_opens(
    loudspeaker: Any, listener: Listener, hangs: threading.Event
) -> None:
    closed = threading.Event()

    def opens(*asked: Any, **how: Any) -> Any:
        assert hangs.wait(20)
        stream = loudspeaker.open(*asked, **how)
        close = stream.close
        stream.close = lambda: (close(), closed.set())
        return stream

    player = Player(None, listener, open_output=opens)
    with pytest.raises(NoSound, match="does not answer"):
        player.play(tone(0.2), threading.Event())
    hangs.set()
    assert closed.wait(20), "when it opens at last, nobody wants it any more"


def test_leaves_a_device_that_hangs_while_it_closes(
    loudspeaker: Any, listener: Listener, hangs: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    player = Player(None, listener, open_output=loudspeaker.open)
    assert player.play(tone(0.2), threading.Event())
    stream = loudspeaker.streams[0]
    close: Callable[[], None] = stream.close
    stream.close = lambda: hangs.wait(20)
    player.rest()
    assert "does not answer" in caplog.text
    hangs.set()
    close()


def test_gives_up_a_device_that_takes_nothing(
    player: Player, loudspeaker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.speaking.player.STUCK", 0.05)
    loudspeaker.pause.set()
    with pytest.raises(SoundLost):
        player.play(tone(0.2, 100), threading.Event())
    loudspeaker.pause.clear()
    assert player.play(tone(0.2, 100), threading.Event())


def test_plays_on_a_real_sound_server(sound: Any, listener: Listener) -> None:
    player = Player(None, listener)
    at = np.arange(22_050) / 22_050
    clip = Clip((0.5 * np.sin(2 * np.pi * 440 * at)).astype(np.float32), 22_050)
    assert player.play(clip, threading.Event())
    player.rest()
    heard = np.zeros(0)
    until = time.monotonic() + 20
    while np.count_nonzero(np.abs(heard) > 8000) < 3000:
        assert time.monotonic() < until, "the loudspeaker's monitor hears nothing"
        time.sleep(0.05)
        heard = np.concatenate([heard, sound.heard()])
    strengths = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert np.fft.rfftfreq(len(heard), 1 / 16_000)[strengths.argmax()] == pytest.approx(440, abs=3)
