"""devos init: at a terminal, without one, and left in the middle."""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Callable, Iterator

import pytest

from daemon.first_steps.machine import microphones
from tests.daemon.conftest import House, Terminal

OWN = """# mine
[person]
name = "anna"  # that is me

[dashboard]
port = 4711
"""


@pytest.fixture
def at_a_terminal(empty: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Terminal]]:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")  # no sound server
    if microphones().names:
        pytest.skip("this machine has a microphone, and would be asked about it")
    with contextlib.ExitStack() as stack:
        yield lambda *words: stack.enter_context(contextlib.closing(Terminal(empty, *words)))


def walked(terminal: Terminal, *answers: tuple[str, str]) -> None:
    for question, answer in answers:
        terminal.reads(question)
        terminal.types(f"{answer}\n")


def test_without_a_terminal_it_says_what_to_do(empty: House) -> None:
    said = empty.devos("init")
    assert said.code == 2 and "--defaults" in said.err and not (empty.home / "config.toml").exists()
    assert empty.devos("init", "--json").code == 2


def test_defaults_are_written_without_asking_and_devos_only_reads(empty: House) -> None:
    said = empty.devos("init", "--defaults", "--json").json
    assert said["changed"] and said["written"]["rules.pack"] == "read-only"
    file = empty.home / "config.toml"
    assert tomllib.loads(file.read_text())["rules"] == {"pack": "read-only"} and file.stat().st_mode & 0o777 == 0o600
    assert empty.devos("config", "check").code == 0
    again = empty.devos("init", "--defaults", "--json").json
    assert not again["changed"] and again["written"] == {}
    assert "says all of this already" in empty.devos("init", "--defaults").out


def test_what_somebody_set_stays_comments_included(empty: House) -> None:
    file = empty.home / "config.toml"
    file.write_text(OWN)
    assert empty.devos("init", "--defaults").code == 0
    assert file.read_text() == f'{OWN}\n[rules]\npack = "read-only"\n'


def test_wrong_settings_are_mended_first(empty: House) -> None:
    (empty.home / "config.toml").write_text("[hering]\n")
    said = empty.devos("init", "--defaults")
    assert said.code == 2 and "Did you mean 'hearing'?" in said.err


def test_settings_in_another_form_are_shown_and_not_touched(empty: House) -> None:
    text = 'person = { name = "anna" }\nrules = { }\n'
    (empty.home / "config.toml").write_text(text)
    said = empty.devos("init", "--defaults", "--json")
    assert said.code == 1 and '[rules]\npack = "read-only"' in said.json["error"]
    assert (empty.home / "config.toml").read_text() == text


def test_the_walk(empty: House, at_a_terminal: Callable[..., Terminal]) -> None:
    (empty.home / "config.toml").write_text(OWN)
    terminal = at_a_terminal("init")
    terminal.reads("Ctrl-C leaves everything as it is")
    walked(terminal, ("knows you by [anna]", ""))
    terminal.reads("You can go on without")  # no microphone
    terminal.reads("Speech model")
    walked(
        terminal,
        ("Which one? [1]", ""),
        ("Always listen for a word?", "y"),
        ("Which word? [1]", "3"),
        ("Use hotkeys? [Y/n]", ""),
        ("Talk [ctrl+alt+space]", "ctrl+alt+m"),
    )
    terminal.reads("mute")  # these keys are taken, it says by what
    walked(
        terminal,
        ("Talk [ctrl+alt+space]", "ctrl+alt+t"),
        ("Mute the microphone [ctrl+alt+m]", ""),
        ("Stop talking and listening [ctrl+alt+s]", ""),
        ("talk key held", ""),
        ("begin with? [1]", "2"),
        ("Its address", "https://company.atlassian.net"),
        ("e-mail", "anna@example.com"),
    )
    terminal.reads("$DEVOS_JIRA_TOKEN")
    walked(terminal, ("Stay read-only for now?", ""))
    terminal.reads('pack = "read-only"')
    walked(terminal, ("Write it? [Y/n]", ""))
    assert terminal.end() == 0 and "devos run --sandbox" in terminal.seen, terminal.seen
    settings = tomllib.loads((empty.home / "config.toml").read_text())
    assert settings == {
        "person": {"name": "anna"},
        "dashboard": {"port": 4711},
        "wake": {"on": True, "words": ["alexa"]},
        "hotkeys": {"talk": "ctrl+alt+t"},
        "jira": {"url": "https://company.atlassian.net", "email": "anna@example.com"},
        "rules": {"pack": "read-only"},
    }
    assert "# that is me" in (empty.home / "config.toml").read_text()


@pytest.mark.parametrize(
    ("at", "key"), [("knows you by", "\x04"), ("Always listen", "\x03"), ("Write it?", "\x03")], ids=["1", "4", "last"]
)
def test_leaving_anywhere_leaves_everything_as_it_was(
    empty: House, at_a_terminal: Callable[..., Terminal], at: str, key: str
) -> None:
    (empty.home / "config.toml").write_text(OWN)
    terminal = at_a_terminal("init")
    prompts = ["knows you by", "Which one?", "Always listen", "Use hotkeys?", "Talk [", "Mute the", "Stop talking"]
    prompts += ["talk key held", "begin with?", "Stay read-only", "Write it?"]
    for prompt in prompts[: prompts.index(at)]:
        walked(terminal, (prompt, ""))
    terminal.reads(at)
    if key == "\x03":
        terminal.interrupts()
        key = "\n"  # a signal may come just before Python waits, which only notices it once something was typed
    with contextlib.suppress(OSError):  # it has ended already
        terminal.types(key)
    assert terminal.end() == 1 and "everything is as it was" in terminal.seen
    assert (empty.home / "config.toml").read_text() == OWN
    assert [each.name for each in empty.home.iterdir()] == ["config.toml"]
