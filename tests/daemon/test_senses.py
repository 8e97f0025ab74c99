"""The senses of a daemon that has none: what is missing is said, and everything else goes on."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from daemon.app import App
from daemon.config import BadConfig, Config
from daemon.hearing.microphone import MicrophoneState

if TYPE_CHECKING:
    from tests.daemon.conftest import House

SECONDS = 60.0
"""What takes longer than this never comes."""


async def test_without_a_screen_or_a_sound_card_it_says_what_is_missing(
    own: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)
    async with App(own.home, Config(), sandbox=True) as app:
        state = app.senses.state()
        assert state["hearing"] == {"status": "off"} and state["microphone"]["status"] == "closed"
        assert state["wake"] == {"status": "off", "words": ["hey jarvis"], "problem": ""}
        assert {each["name"]: each["keys"] for each in state["hotkeys"]["bindings"]}["freeze"] == "ctrl+alt+shift+f"
        assert state["speaker"] == {"status": "ready", "problem": ""}


async def test_a_wake_word_that_nobody_knows_is_said_and_the_rest_goes_on(own: House) -> None:
    config = Config.model_validate({"wake": {"on": True, "words": ["hey nobody"]}})
    async with App(own.home, config, sandbox=True) as app:
        wake = app.senses.state()["wake"]
        assert wake["status"] == "broken" and "hey nobody" in wake["problem"] and "devos wakeword" in wake["problem"]
        assert await app.vocabulary.catalogue()


async def test_two_things_on_one_key_refuse_the_start_with_both_names(own: House) -> None:
    config = Config.model_validate({"hotkeys": {"mute": "ctrl+alt+k"}})
    with pytest.raises(BadConfig, match=r"config\.toml: .*mute.*scale_deployment|scale_deployment.*mute"):
        async with App(own.home, config, sandbox=True):
            pass


async def test_where_listening_failed_the_wake_word_is_not_said_to_work(
    own: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise RuntimeError("the voice detector is not installed")

    monkeypatch.setattr("daemon.senses.VoiceDetector", missing)
    config = Config.model_validate({"wake": {"on": True, "words": ["alexa"]}})
    async with App(own.home, config, sandbox=True) as app:
        until = time.monotonic() + SECONDS
        while app.senses.state()["wake"]["status"] != "broken":
            assert time.monotonic() < until
            await asyncio.sleep(0.05)
        assert "restart DevOS" in app.senses.state()["wake"]["problem"]


async def test_a_microphone_that_is_missing_is_logged_once(own: House, caplog: pytest.LogCaptureFixture) -> None:
    async with App(own.home, Config(), sandbox=True) as app:
        for status in ("lost", "closed", "lost"):
            app.senses._microphone_changed(MicrophoneState(status, problem="It is gone." if status == "lost" else ""))
    assert caplog.text.count("the microphone is not heard: It is gone.") == 1
