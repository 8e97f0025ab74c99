"""Everything wired together, in this process."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemon.app import INTENTS, App
from daemon.claim import AlreadyRunning
from daemon.config import BadConfig, Config
from daemon.hearing.utterance import Utterance
from intents.understanding.understand import NotUnderstood, Understood
from policies.action import IntegrationError
from policies.audit.checkpoint import Signer
from policies.audit.head import RolledBack
from policies.audit.log import Entry
from policies.execution import StepsChanged
from policies.store import BadDatabase

if TYPE_CHECKING:
    from tests.daemon.conftest import House


@pytest.fixture
async def app(own: House) -> AsyncIterator[App]:
    async with App(own.home, Config(), sandbox=True) as app:
        yield app


def test_every_request_has_a_name_and_a_key_of_its_own() -> None:
    assert len({each.name for each in INTENTS}) == len(INTENTS)
    keys = [each.hotkey for each in INTENTS if each.hotkey]
    assert len(set(keys)) == len(keys)


async def test_a_sentence_becomes_a_request(app: App) -> None:
    utterance = Utterance("scale web app to five", "voice", 0.9, "a" * 64)
    understood = await app.vocabulary.understand(utterance, Path("/"))
    assert isinstance(understood, Understood)
    request = app.request(utterance, understood)
    assert (request.text, request.channel, request.confidence, request.audio) == (
        utterance.text,
        "voice",
        0.9,
        "a" * 64,
    )
    assert request.intent == "scale_deployment" and request.slots["replicas"] == 5 and request.tier == "medium"
    assert request.person == app.person and request.version
    plan = await app.plan(request)
    assert plan.changes[0].action == "kubernetes.scale"
    undoing = app.undoing("261120-1f3a9c2e")
    assert undoing.intent == "undo" and undoing.slots == {"run": "261120-1f3a9c2e"}


async def test_a_new_name_is_found_when_it_is_first_said(app: App, own: House) -> None:
    own.sandbox.fault(system="kubernetes", kind="status", status=403, times=None)
    await app.vocabulary.refresh()
    utterance = Utterance("scale web app to five", "typed")
    assert isinstance(await app.vocabulary.understand(utterance, Path("/")), NotUnderstood)
    own.sandbox.clear_faults()
    assert isinstance(await app.vocabulary.understand(utterance, Path("/")), Understood)
    assert isinstance(await app.vocabulary.understand(Utterance("make tea", "typed"), Path("/")), NotUnderstood)


async def test_a_request_that_newer_code_does_not_have_stops_the_run(app: App) -> None:
    with pytest.raises(StepsChanged, match="there is no request sing_a_song any more"):
        await app.perform("sing_a_song", {})


async def test_a_home_has_one_daemon(app: App, own: House) -> None:
    with pytest.raises(AlreadyRunning):
        await App(own.home, Config(), sandbox=True).__aenter__()
    assert isinstance(
        await app.vocabulary.understand(Utterance("scale web app to five", "typed"), Path("/")), Understood
    )


async def test_nothing_connected(empty: House) -> None:
    async with App(empty.home, Config(), sandbox=False) as app:
        assert app.systems == {} and app.owners == {}
        answer = await app.vocabulary.understand(Utterance("how many replicas does web-app have", "typed"), Path("/"))
        assert isinstance(answer, NotUnderstood)
        with pytest.raises(IntegrationError, match="count_replicas needs Kubernetes, not connected here"):
            await app.perform("count_replicas", {"deployment": "web-app"})


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"jira": {"url": "https://x.example", "email": "a@x.example"}}, BadConfig),
        ({"runs": {"database": "postgresql://127.0.0.1:1/devos"}}, BadDatabase),
    ],
)
async def test_what_does_not_start_leaves_nothing_behind(
    empty: House, monkeypatch: pytest.MonkeyPatch, settings: dict[str, dict[str, str]], problem: type[Exception]
) -> None:
    monkeypatch.delenv("DEVOS_JIRA_TOKEN", raising=False)
    if "runs" in settings:
        pytest.importorskip("psycopg", reason="devos[postgres]")
    with pytest.raises(problem):
        await App(empty.home, Config.model_validate(settings), sandbox=False).__aenter__()
    async with App(empty.home, Config(), sandbox=False) as app:
        assert app.systems == {}, "the lock was let go of"


async def test_a_log_that_was_set_back_together_with_its_head_is_noticed_by_the_witness(own: House) -> None:
    witness = own.home / "elsewhere"
    settings = Config.model_validate({"audit": {"witnesses": [str(witness)]}})
    async with App(own.home, settings, sandbox=True):
        pass
    kept = {name: own.home / f"kept-{name}" for name in ("audit.db", "audit.checkpoint")}
    for name, copy in kept.items():
        shutil.copy(own.home / name, copy)
    async with App(own.home, settings, sandbox=True) as app:
        await app.log.append(Entry("devos.test", None, None, None, {}))
        await app.shipping.ship()
    for name, copy in kept.items():
        shutil.copy(copy, own.home / name)
    with pytest.raises(RolledBack, match="elsewhere"):
        await App(own.home, settings, sandbox=True).__aenter__()


async def test_edited_rules_are_taken_up_and_recorded(app: App, own: House) -> None:
    (own.home / "rules").mkdir()
    (own.home / "rules" / "own.cedar").write_text(
        '@id("hands-off") forbid (principal, action in Action::"change", resource);'
    )
    understood = await app.vocabulary.understand(Utterance("scale web app to five", "typed"), Path("/"))
    assert isinstance(understood, Understood)
    request = app.request(Utterance("scale web app to five", "typed"), understood)
    while not (plan := await app.plan(request)).refused:  # until the file has been left alone for a moment
        assert plan.level
    assert plan.changes[0].rule == "hands-off"
    (changed,) = app.log.entries(type="devos.rules.changed")
    assert changed.data["ruleset"] == app.rules.ruleset


async def test_a_witness_that_contradicts_the_log_later_stops_every_change(
    own: House, capsys: pytest.CaptureFixture[str]
) -> None:
    witness = own.home / "elsewhere"
    settings = Config.model_validate({"audit": {"witnesses": [str(witness)]}})
    async with App(own.home, settings, sandbox=True) as app:
        signer = Signer.load_or_create(own.home / "keys")
        witness.write_text(signer.sign(5000, bytes(32)).note)
        await app.log.append(Entry("devos.test", None, None, None, {}))
        await app.shipping.ship()
        assert app.brake.on
    assert "Every change is frozen" in capsys.readouterr().err


async def test_a_fault_beside_everything_else_is_logged(app: App, caplog: pytest.LogCaptureFixture) -> None:
    failed = asyncio.Event()

    async def fails() -> None:
        failed.set()
        raise RuntimeError("a part is missing")

    app._beside(fails())
    await failed.wait()
    await asyncio.sleep(0)
    assert "a part is missing" in caplog.text
