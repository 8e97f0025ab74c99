"""The shape of an action: its name, its facts, its companions, and its types."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cluster import ACTIONS, Cdk, Kubernetes, Scaled
from wiring import DevOS

from policies.action import Action, BoundAction, Effect, Found, OutsideRun, Preview, Target, digest

REPOSITORY = Path(__file__).parents[2]


def test_an_action_is_named_after_its_system_and_its_method() -> None:
    assert set(ACTIONS) >= {"kubernetes.scale", "kubernetes.deployment", "cdk.deploy"}
    assert ACTIONS["kubernetes.scale"].name == "kubernetes.scale"
    assert "number of replicas" in str(Kubernetes.scale.__doc__)


def test_the_class_shows_the_action_and_the_system_a_bound_one(house: DevOS) -> None:
    assert isinstance(Kubernetes.scale, Action)
    assert isinstance(house.kubernetes.scale, BoundAction)


def test_an_action_carries_its_effect_bound_and_change() -> None:
    assert (Kubernetes.scale.effect, Kubernetes.scale.bound, Kubernetes.scale.selects_change) == ("change", 50, None)
    assert (Cdk.deploy.selects_change, Kubernetes.delete.effect) == ("change", Effect.DESTROY)


def test_text_that_is_only_shown_is_told_from_what_selects() -> None:
    assert Kubernetes.announce.content == {"text"}
    assert Kubernetes.scale.content == frozenset()
    assert list(Kubernetes.scale.hints) == ["deployment", "namespace", "replicas"]


def test_a_call_holds_every_argument_by_name(house: DevOS) -> None:
    call = house.kubernetes.deployment.call("web-app")
    assert (call.name, call.arguments) == (
        "kubernetes.deployment",
        {"deployment": "web-app", "namespace": "staging"},
    )
    assert call == house.kubernetes.deployment.call(namespace="staging", deployment="web-app")
    assert call.digest == digest({"args": call.json, "action": "kubernetes.deployment"})
    assert call.digest != house.kubernetes.deployment.call("web-app", "production").digest


@pytest.mark.parametrize("arguments", [(), ("web-app", "staging", 3, 4)])
def test_a_call_with_other_arguments_than_the_signature_is_refused_at_once(
    house: DevOS, arguments: tuple[object, ...]
) -> None:
    with pytest.raises(TypeError):
        house.kubernetes.scale.call(*arguments)  # type: ignore[arg-type]  # that is the point


def test_an_argument_of_another_type_is_no_json_of_it(house: DevOS) -> None:
    with pytest.raises(ValueError, match="Expected `int`"):
        _ = house.kubernetes.scale.call("web-app", "staging", "six").json  # type: ignore[arg-type]  # the point


def test_the_digest_is_of_canonical_json() -> None:
    # printf '{"a":[1,"é"],"b":null}' | sha256sum
    assert digest({"b": None, "a": [1, "é"]}) == "1e02bc81a26af2f027329541e97eef36f3290bedc6dfe043dbe66b057ecb13ba"


async def test_companions_say_what_it_touches_would_do_did_and_how_it_is_undone(house: DevOS) -> None:
    call = house.kubernetes.scale.call("web-app", "production", 6)
    assert call.target() == Target("production/web-app", "production")
    assert await call.preview() == Preview(
        "Scale web-app in production from 4 to 6 replicas", "Scale it back to 4", 4, 6
    )
    assert call.can_look_up
    assert await call.look_up("key") is None
    assert await call.perform("key") == Scaled(4, 6)
    assert await call.look_up("key") == Found(Scaled(4, 6))
    back = call.undo(Scaled(4, 6))
    assert back is not None
    assert back.json == {"deployment": "web-app", "namespace": "production", "replicas": 4}


async def test_without_companions_it_says_what_it_can(house: DevOS) -> None:
    call = house.kubernetes.restart.call("web-app", "staging")
    nothing_said = "Restart a deployment. Nothing tells afterwards whether it was done, and nothing takes it back"
    assert await call.preview() == Preview(nothing_said)
    assert not call.can_look_up
    assert call.undo(1) is None


async def test_an_action_without_target_or_docstring_is_about_its_first_argument() -> None:
    from policies.action import action

    class Pager:
        @action(Effect.CHANGE)
        async def page(self, person: str) -> None: ...

        @action(Effect.READ)
        async def pages(self) -> int: ...

    assert Pager().page.call("ana").target() == Target("ana", "none")
    assert Pager().pages.call().target() == Target("", "none")
    assert await Pager().page.call("ana").preview() == Preview("pager.page")


async def test_called_with_wrong_arguments_outside_a_run_nothing_is_begun(house: DevOS) -> None:
    with pytest.raises(OutsideRun):
        house.kubernetes.restart("web-app", "staging")
    assert not house.wire.journal()


SNIPPET = """
import asyncio
from policies.action import Effect, Preview, Target, action

class Lamp:
    @action(Effect.CHANGE, bound=3)
    async def light(self, room: str, level: int = 1) -> bool:
        return True

    @light.target
    def _target(self, room: str, level: int = 1) -> Target:
        return Target(room)

    @light.preview
    async def _preview(self, room: str, level: int = 1) -> Preview:
        return Preview("Light")

async def work(lamp: Lamp) -> None:
    {line}
"""


def test_types_survive_the_decorator(tmp_path: Path) -> None:
    """Each line with what mypy says of it; none says that all is well."""
    lines = {
        'done: bool = await lamp.light("hall", level=2)': None,
        'call = lamp.light.call("hall"); reveal_type(call)': "Call[bool]",
        'await lamp.light("hall", "bright")': 'incompatible type "str"; expected "int"',
        'await lamp.light("hall", brightness=2)': 'Unexpected keyword argument "brightness"',
        "await lamp.light()": "Missing positional argument",
        'lamp.light("hall")': "Value of type",
        'done: str = await lamp.light("hall")': "Incompatible types in assignment",
        "lamp.light.call(1)": 'incompatible type "int"; expected "str"',
    }
    files = [tmp_path / f"snippet{number}.py" for number in range(len(lines))]
    for file, line in zip(files, lines, strict=True):
        file.write_text(SNIPPET.format(line=line))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", REPOSITORY / ".mypy_cache", *files],
        env={"MYPYPATH": str(REPOSITORY), "PATH": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    for file, (line, says) in zip(files, lines.items(), strict=True):
        said = [each for each in done.stdout.splitlines() if each.startswith(file.name)]
        assert (says in "\n".join(said)) if says else not said, (line, done.stdout, done.stderr)
