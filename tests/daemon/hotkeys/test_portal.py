"""The portal's way, against a stand-in portal on a bus of its own."""

from __future__ import annotations

import queue
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from portal_desk import ALL, DEPLOY, SCALE, Desk
from portal_stand_in import LIMIT, Stranger
from portal_stand_in import Portal as StandIn

from daemon.hotkeys.chord import Chord
from daemon.hotkeys.hotkeys import Hotkeys
from daemon.hotkeys.portal import Portal, preferred
from daemon.hotkeys.press import Press
from daemon.hotkeys.program import APP, entry_file
from daemon.hotkeys.way import NoHotkeys, Way


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    if not shutil.which("dbus-daemon"):
        pytest.skip("install with: make system (it wants dbus, a session bus without a desktop)")
    made = Desk(tmp_path)
    yield made
    made.close()


def test_the_desktop_is_asked_for_each_key_once(desk: Desk) -> None:
    portal = desk.plug()
    way: Way = desk.way(summaries={"scale_deployment": "Scale a deployment."})
    way.start()
    assert portal.seen.bound == [
        [
            ("talk", {"description": "Talk to DevOS", "preferred_trigger": "CTRL+ALT+space"}),
            (
                "mute",
                {
                    "description": "Close the microphone to everything, or open it again",
                    "preferred_trigger": "CTRL+ALT+m",
                },
            ),
            ("scale_deployment", {"description": "Scale a deployment.", "preferred_trigger": "CTRL+ALT+k"}),
            ("deploy_service", {"description": "Deploy service", "preferred_trigger": "CTRL+ALT+d"}),
            (
                "words_alt_ctrl_a",
                {
                    "description": "Talk, and say one of: audit compliance, list alerts",
                    "preferred_trigger": "CTRL+ALT+a",
                },
            ),
        ]
    ]
    assert list(portal.seen.apps.values()) == [APP]
    assert (way.name, way.problem) == ("portal", "")


def test_presses(desk: Desk) -> None:
    portal = desk.plug()
    desk.way().start()
    portal.press("scale_deployment")
    press = desk.presses.get(timeout=LIMIT)
    assert press == Press(SCALE, True, 1.0, "portal")
    portal.release("scale_deployment")  # of no interest
    portal.press("deploy_service")
    assert desk.presses.get(timeout=LIMIT).binding == DEPLOY
    portal.press("of somebody else")
    portal.press("mute")
    assert desk.pressed() == ("mute", True)


def test_the_talk_key_is_held(desk: Desk) -> None:
    portal = desk.plug()
    desk.way().start()
    portal.release("talk")  # of a press before our time
    portal.press("talk")
    portal.press("talk")  # a key that repeats itself
    portal.release("talk")
    portal.press("mute")
    assert [desk.pressed() for _ in range(3)] == [("talk", True), ("talk", False), ("mute", True)]


def test_a_letter_that_words_share_opens_the_microphone(desk: Desk) -> None:
    portal = desk.plug()
    desk.way().start()
    portal.press("words_alt_ctrl_a")
    portal.release("words_alt_ctrl_a")
    down, up = (desk.presses.get(timeout=LIMIT) for _ in range(2))
    assert (down.binding.kind, down.down, up.binding, up.down) == ("talk", True, down.binding, False)
    assert down.binding.chord == Chord.parse("ctrl+alt+a")


def test_an_answer_may_come_before_its_call_returns(desk: Desk) -> None:
    desk.behaviour.early = True
    portal = desk.plug()
    desk.way().start()
    portal.press("mute")
    assert desk.pressed() == ("mute", True)


def test_an_old_portal_answers_from_a_path_of_its_own(desk: Desk) -> None:
    desk.behaviour.other_path = desk.behaviour.early = True
    portal = desk.plug()
    desk.way().start()
    portal.press("mute")
    assert desk.pressed() == ("mute", True)


def test_a_portal_without_registry_and_without_need_of_an_app_id(desk: Desk) -> None:
    desk.behaviour.registry = desk.behaviour.needs_app = False
    portal = desk.plug()
    desk.way().start()
    portal.press("mute")
    assert desk.pressed() == ("mute", True)


def test_an_app_id_that_the_portal_does_not_believe(desk: Desk, tmp_path: Path) -> None:
    desk.behaviour.applications = tmp_path / "elsewhere"
    desk.plug()
    with pytest.raises(NoHotkeys, match=r"refused the shortcuts: An app id is required.*devos press --snippet") as no:
        desk.way().start()
    assert no.value.again


def test_without_registry_a_portal_that_needs_an_app_id_refuses(desk: Desk) -> None:
    desk.behaviour.registry = False
    desk.plug()
    with pytest.raises(NoHotkeys, match="An app id is required"):
        desk.way().start()


@pytest.mark.parametrize("response", [1, 2])
def test_the_person_declines(desk: Desk, response: int) -> None:
    desk.behaviour.response = response
    desk.plug()
    with pytest.raises(NoHotkeys, match=r"declined in the desktop's dialog.*devos press --snippet") as no:
        desk.way().start()
    assert not no.value.again, "nobody is to be asked in a loop"


def test_the_person_lets_nothing_through(desk: Desk) -> None:
    desk.behaviour.only = frozenset()
    desk.plug()
    with pytest.raises(NoHotkeys, match="declined"):
        desk.way().start()


def test_the_person_lets_some_through(desk: Desk) -> None:
    desk.behaviour.only = frozenset(("talk", "mute", "deploy_service"))
    desk.plug()
    way = desk.way()
    way.start()
    assert way.problem == (
        "The desktop has not bound ctrl+alt+k (scale_deployment), ctrl+alt+a (audit_compliance / list_alerts); "
        "its settings for shortcuts can."
    )


def test_no_session(desk: Desk) -> None:
    desk.behaviour.session_response = 2
    desk.plug()
    with pytest.raises(NoHotkeys, match="opened no session"):
        desk.way().start()


def test_a_desktop_without_global_shortcuts(desk: Desk) -> None:
    desk.behaviour.interface = False
    desk.plug()
    with pytest.raises(NoHotkeys, match=r"knows no global shortcuts.*devos press --snippet gnome"):
        desk.way().start()


def test_no_portal(desk: Desk) -> None:
    with pytest.raises(NoHotkeys, match=r"No desktop portal runs.*devos press --snippet") as no:
        desk.way().start()
    assert no.value.again


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (None, "There is no session bus here"),
        ("unix:path=/nowhere/bus", "The session bus does not answer"),
        ("carrier-pigeon", "The session bus does not answer"),
    ],
)
def test_no_bus(tmp_path: Path, address: str | None, said: str) -> None:
    environment = {"XDG_DATA_HOME": str(tmp_path)} | ({"DBUS_SESSION_BUS_ADDRESS": address} if address else {})
    way = Portal(ALL, lambda _: None, lambda _: None, environment=environment)
    with pytest.raises(NoHotkeys, match=rf"{said}.*devos press --snippet"):
        way.start()
    way.close()


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (Desk.restart, "The desktop portal ended."),
        (Desk.end_sessions, "The desktop ended the session of the shortcuts."),
        (lambda desk: desk.bus.kill(), "The session bus went away."),
    ],
)
def test_its_death_is_told_once_and_the_talk_key_let_go(desk: Desk, end: Callable[[Desk], None], said: str) -> None:
    portal = desk.plug()
    way = desk.way()
    way.start()
    portal.press("talk")
    assert desk.pressed() == ("talk", True)
    end(desk)
    assert desk.deaths.get(timeout=LIMIT) == said
    assert desk.pressed() == ("talk", False)
    way.close()
    assert desk.deaths.empty() and desk.presses.empty()


def test_a_new_way_after_a_restart(desk: Desk) -> None:
    portal = desk.plug()
    desk.way().start()
    desk.restart()
    desk.deaths.get(timeout=LIMIT)
    desk.way().start()
    portal.press("mute")
    assert desk.pressed() == ("mute", True)


def test_closing_tells_nothing_more(desk: Desk) -> None:
    portal = desk.plug()
    way = desk.way()
    way.start()
    way.close()
    way.close()
    assert not [each for each in threading.enumerate() if each.name == "hotkeys portal"]
    portal.press("mute")
    portal.leave()
    assert desk.deaths.empty() and desk.presses.empty()


def test_closing_before_it_was_started(desk: Desk) -> None:
    way = desk.way()
    way.close()
    with pytest.raises(NoHotkeys, match="closed before"):
        way.start()


def _once_asked(portal: StandIn, do: Callable[[], None]) -> None:
    portal.asked.wait(LIMIT)
    do()


def test_closing_while_the_person_has_not_answered(desk: Desk) -> None:
    desk.behaviour.silent = True
    portal = desk.plug()
    way = desk.way()
    closer = threading.Thread(target=_once_asked, args=(portal, way.close))
    closer.start()
    with pytest.raises(NoHotkeys, match="closed before they were bound") as no:
        way.start()
    closer.join(LIMIT)
    assert not no.value.again


def test_the_portal_ends_while_the_person_has_not_answered(desk: Desk) -> None:
    desk.behaviour.silent = True
    portal = desk.plug()
    way = desk.way()
    killer = threading.Thread(target=_once_asked, args=(portal, portal.leave))
    killer.start()
    with pytest.raises(NoHotkeys, match="The desktop portal ended"):
        way.start()
    killer.join(LIMIT)
    portal.arrive()


def test_other_programs_cannot_press(desk: Desk) -> None:
    portal = desk.plug()
    desk.way().start()
    ((session, owner),) = portal.seen.sessions.items()
    Stranger(desk.bus.address).pretends(owner, session, "scale_deployment")
    portal.press("mute")
    assert desk.pressed() == ("mute", True), "the first to arrive is the portal's own"


def test_keys_that_the_person_changed_are_known(desk: Desk) -> None:
    portal = desk.plug()
    way = desk.way()
    way.start()
    assert way.keys["mute"] == "Press CTRL+ALT+m"
    portal.change("mute", "Press \x1b[31mSuper+M")
    portal.press("mute")
    assert desk.pressed() == ("mute", True)
    assert way.keys["mute"] == "Press Super+M" and way.keys["talk"] == "Press CTRL+ALT+space"


def test_the_desktop_is_introduced_to_devos(desk: Desk) -> None:
    desk.plug()
    desk.way().start()
    assert "Name=DevOS" in entry_file(desk.environment).read_text()


@pytest.mark.parametrize(
    ("keys", "written"),
    [
        ("ctrl+alt+k", "CTRL+ALT+k"),
        ("super+space", "LOGO+space"),
        ("ctrl+alt+shift+f", "CTRL+ALT+SHIFT+f"),
        ("ctrl+alt+/", "CTRL+ALT+slash"),
        ("ctrl+enter", "CTRL+Return"),
        ("f13", "F13"),
    ],
)
def test_how_portals_write_keys(keys: str, written: str) -> None:
    assert preferred(Chord.parse(keys)) == written


def test_the_keeper_asks_a_portal_that_restarted_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in desk.environment.items():
        monkeypatch.setenv(name, value)
    portal = desk.plug()
    states: queue.Queue[str] = queue.Queue()
    hotkeys = Hotkeys(
        ALL,
        desk.presses.put,
        environment=desk.environment | {"WAYLAND_DISPLAY": "wayland-0"},
        platform="linux",
        changed=lambda state: states.put(state.status),
        delays=(0.0,),
    )
    hotkeys.start()
    try:
        assert [states.get(timeout=LIMIT) for _ in range(2)] == ["starting", "ready"]
        portal.press("mute")
        assert desk.pressed() == ("mute", True)
        desk.restart()
        while states.get(timeout=LIMIT) != "ready":
            pass
        portal.press("scale_deployment")
        assert desk.pressed() == ("scale_deployment", True)
    finally:
        hotkeys.close()
