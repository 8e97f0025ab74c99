"""Which keys stand for what, and which cannot be told apart."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from daemon.hotkeys.bindings import BadBindings, bindings_of
from daemon.sense_sections import Hotkeys
from intents.deploy_service import deploy_service
from intents.intent import Intent, intent
from intents.scale_deployment import scale_deployment


@dataclass(frozen=True)
class Nothing:
    """A request without slots."""


def request(name: str, hotkey: str | None) -> Intent:
    async def workflow(want: Nothing) -> str:
        return ""

    workflow.__name__ = name
    return intent("do it", tier="simple", hotkey=hotkey)(workflow)


def problems(settings: Hotkeys, *requests: Intent) -> list[str]:
    with pytest.raises(BadBindings) as caught:
        bindings_of(settings, requests)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return list(caught.value.problems)


def test_the_four_keys_of_devos_come_first_and_then_the_requests() -> None:
    bindings = bindings_of(Hotkeys(), [scale_deployment, request("quiet", None), deploy_service])
    assert [(each.name, each.kind, each.chord.text) for each in bindings] == [
        ("talk", "talk", "ctrl+alt+space"),
        ("mute", "mute", "ctrl+alt+m"),
        ("stop", "stop", "ctrl+alt+s"),
        ("freeze", "freeze", "ctrl+alt+shift+f"),
        ("deploy_service", "request", "ctrl+alt+deploy"),
        ("scale_deployment", "request", "ctrl+alt+k"),
    ]


def test_all_the_keys_that_the_requests_are_to_have_can_be_told_apart() -> None:
    requests = [request(f"r_{keys}", f"ctrl+alt+{keys}") for keys in ("j", "f", "k", "i", "deploy", "audit", "perf")]
    assert len(bindings_of(Hotkeys(), requests)) == 11


def test_settings_go_before_a_requests_own_keys_and_an_empty_text_is_no_key() -> None:
    settings = Hotkeys(mute=" ", stop="", freeze="", requests={"scale_deployment": "ctrl+alt+r", "deploy_service": ""})
    bindings = bindings_of(settings, [scale_deployment, deploy_service, request("quiet", None)])
    assert {each.name: each.chord.text for each in bindings} == {
        "talk": "ctrl+alt+space",
        "scale_deployment": "ctrl+alt+r",
    }


def test_a_request_without_keys_gets_some() -> None:
    bindings = bindings_of(Hotkeys(requests={"quiet": "ctrl+alt+q"}), [request("quiet", None)])
    assert bindings[-1].chord.text == "ctrl+alt+q"


def test_a_name_that_is_no_request_is_refused_with_the_nearest() -> None:
    (text,) = problems(Hotkeys(requests={"scale_deploymnt": "ctrl+alt+r"}), scale_deployment)
    assert "no request 'scale_deploymnt'" in text and "Did you mean 'scale_deployment'?" in text
    (text,) = problems(Hotkeys(requests={"xyz": "ctrl+alt+r"}), scale_deployment, request("quiet", None))
    assert "There are: quiet, scale_deployment." in text
    (text,) = problems(Hotkeys(requests={"mute": "ctrl+alt+r"}))
    assert "mute is no request; its keys are set as hotkeys.mute" in text


def test_the_same_keys_are_refused_with_both_names_and_where_to_change_them() -> None:
    (text,) = problems(Hotkeys(mute="alt+CTRL+k"), scale_deployment)
    assert "the mute key and scale_deployment have the same keys, ctrl+alt+k" in text
    assert 'scale_deployment = "…" in section [hotkeys.requests]' in text


@pytest.mark.parametrize(("short", "long"), [("ctrl+alt+d", "ctrl+alt+deploy"), ("ctrl+alt+dep", "ctrl+alt+deploy")])
@pytest.mark.parametrize("turned", [False, True])
def test_keys_that_begin_others_are_refused_with_both_names(short: str, long: str, turned: bool) -> None:
    both = [request("brief", short), request("lengthy", long)]
    (text,) = problems(Hotkeys(), *(reversed(both) if turned else both))
    assert f"The keys of brief, {short}, are the beginning of those of lengthy, {long}" in text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ctrl+alt+deps", "ctrl+alt+deploy"),
        ("ctrl+super+d", "ctrl+alt+deploy"),
        ("ctrl+alt+shift+dep", "ctrl+alt+deploy"),
        ("ctrl+alt+y", "ctrl+alt+deploy"),
        ("ctrl+alt+up", "ctrl+alt+upgrade"),
    ],
)
def test_keys_that_only_share_letters_are_told_apart(one: str, other: str) -> None:
    assert len(bindings_of(Hotkeys(), [request("one", one), request("other", other)])) == 6


def test_all_faults_are_told_at_once() -> None:
    told = problems(Hotkeys(talk="space", stop="ctrl+alt+k", requests={"nobody": "f1"}), scale_deployment)
    assert [text.split(":")[0] for text in told[:2]] == ["hotkeys.requests.nobody", "hotkeys.talk"]
    assert "'space' is no hotkey" in told[1] and "the stop key and scale_deployment" in told[2]
