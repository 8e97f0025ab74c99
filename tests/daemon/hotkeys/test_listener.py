"""pynput's listener, as it begins, hears, and dies."""

from __future__ import annotations

import queue
import threading

import pytest
from virtual_screen import SECONDS, VirtualScreen

from daemon.hotkeys.way import NoHotkeys

K, CTRL = 45, 37


class Heard:
    def __init__(self) -> None:
        from daemon.hotkeys.listener import KeyListener

        self.keys: queue.Queue[tuple[int, bool]] = queue.Queue()
        self.died: queue.Queue[None] = queue.Queue()
        self.listener = KeyListener(self._key, lambda: self.died.put(None))

    def _key(self, code: int, down: bool, at: int) -> None:
        self.keys.put((code, down))

    def next(self) -> tuple[int, bool]:
        return self.keys.get(timeout=SECONDS)


def test_it_hears_each_key_from_its_beginning_to_its_end_and_ends_at_once(screen: VirtualScreen) -> None:
    before = threading.active_count()
    heard = Heard()
    heard.listener.begin()
    screen.keys("keydown", "ctrl", "key", "k", "keyup", "ctrl")
    assert [heard.next() for _ in range(4)] == [(CTRL, True), (K, True), (K, False), (CTRL, False)]
    heard.listener.end()
    heard.listener.end()
    assert threading.active_count() == before
    screen.press("k")
    assert heard.keys.empty() and heard.died.empty()


def test_its_death_with_the_server_is_told_once(own_screen: VirtualScreen) -> None:
    heard = Heard()
    heard.listener.begin()
    own_screen.kill()
    heard.died.get(timeout=SECONDS)
    heard.listener.end()
    assert heard.died.empty()


def test_what_a_callback_raises_is_logged_and_the_next_key_is_heard(
    screen: VirtualScreen, caplog: pytest.LogCaptureFixture
) -> None:
    from daemon.hotkeys.listener import KeyListener

    keys: queue.Queue[int] = queue.Queue()

    def fail(code: int, down: bool, at: int) -> None:
        keys.put(code)
        raise ZeroDivisionError

    listener = KeyListener(fail, lambda: None)
    listener.begin()
    screen.press("k")
    assert [keys.get(timeout=SECONDS) for _ in range(2)] == [K, K]
    listener.end()
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ZeroDivisionError] * 2


def test_a_server_that_records_nothing_is_told_from_one_that_does(
    screen: VirtualScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    with VirtualScreen("-extension", "RECORD") as poor:
        monkeypatch.setenv("DISPLAY", poor.environment["DISPLAY"])
        heard = Heard()
        with pytest.raises(NoHotkeys, match="it lacks the extension RECORD"):
            heard.listener.begin()
        heard.listener.end()
        assert heard.died.empty()
