"""devos install, devos uninstall, where nothing can be installed; tests/daemon/test_systemd_alive.py installs it."""

from __future__ import annotations

import contextlib
import plistlib
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.claim import claimed
from tests.daemon.conftest import House, Terminal


@pytest.fixture(autouse=True)
def no_manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with neither systemctl nor launchctl, and folders that are the test's."""
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / ".local/share"))


@pytest.fixture
def at_a_terminal(empty: House) -> Iterator[Callable[..., Terminal]]:
    with contextlib.ExitStack() as stack:
        yield lambda *words: stack.enter_context(contextlib.closing(Terminal(empty, *words)))


def lived_in(house: House) -> House:
    (house.home / "config.toml").write_text('[person]\nname = "anna"\n')
    (house.home / "audit.db").write_text("x")
    return house


def test_without_a_service_manager_nothing_is_written_and_the_way_without_is_named(
    empty: House, tmp_path: Path
) -> None:
    said = empty.devos("install")
    assert said.code == 1 and "nothing was written" in said.err and "`devos run`" in said.err and not said.out
    assert "nothing was written" in empty.devos("install", "--json").json["error"]
    assert not (tmp_path / ".config").exists() and not (tmp_path / "Library").exists()


def test_the_description_can_be_read_before(empty: House) -> None:
    shown = empty.devos("install", "--print", "--sandbox").out
    assert empty.devos("install", "--dry-run", "--sandbox").out == shown
    if sys.platform == "darwin":
        assert plistlib.loads(shown.encode())["ProgramArguments"][1:] == ["run", "--sandbox"]
    else:
        assert f'Environment="DEVOS_HOME={empty.home}"' in shown and '"run" "--sandbox"' in shown
        weak = empty.devos("install", "--print", "--confine", "none", "--json").json
        assert "NoNewPrivileges" in shown and "NoNewPrivileges" not in weak["text"] and weak["kind"]


def test_where_nothing_is_installed_nothing_is_removed(empty: House) -> None:
    lived_in(empty)
    said = empty.devos("uninstall")
    assert said.code == 0 and "Nothing was installed." in said.out and str(empty.home) in said.out
    assert empty.devos("uninstall", "--json").json == {"removed": [], "data": False}
    assert (empty.home / "audit.db").exists()


def test_the_desktop_forgets_devos_too(empty: House) -> None:
    from daemon.hotkeys.program import entry_file, introduce

    introduce()
    assert entry_file().is_file() and empty.devos("uninstall", "--json").json["removed"] == [str(entry_file())]
    assert not entry_file().exists()


def test_data_goes_only_when_it_is_meant(empty: House) -> None:
    lived_in(empty)
    said = empty.devos("uninstall", "--data")
    assert said.code == 2 and "--yes" in said.err and (empty.home / "audit.db").exists()
    with claimed(empty.home / "devos.lock"):
        said = empty.devos("uninstall", "--data", "--yes", "--json")
        assert said.code == 1 and "DevOS runs for" in said.json["error"] and (empty.home / "audit.db").exists()
    assert empty.devos("uninstall", "--data", "--yes").code == 0 and not empty.home.exists()


def test_at_a_terminal_it_names_what_is_lost_and_asks(empty: House, at_a_terminal: Callable[..., Terminal]) -> None:
    lived_in(empty)
    no = at_a_terminal("uninstall", "--data")
    no.reads("audit.db: the record of everything")
    no.reads("Write `remove`")
    no.types("yes\n")
    assert no.end() == 1 and "Nothing was removed" in no.seen and (empty.home / "audit.db").exists()
    left = at_a_terminal("uninstall", "--data")
    left.reads("Write `remove`")
    left.interrupts()
    with contextlib.suppress(OSError):  # it has ended already
        left.types("\n")  # a signal may come just before Python waits, which notices it once something was typed
    assert left.end() == 1 and (empty.home / "audit.db").exists()
    yes = at_a_terminal("uninstall", "--data")
    yes.reads("Write `remove`")
    yes.types("remove\n")
    assert yes.end() == 0 and not empty.home.exists()


def test_the_programs_of_this_machine_are_left_alone() -> None:
    assert shutil.which("systemctl") is None and shutil.which("launchctl") is None
