"""The decorator: what a request is made of, what it refuses at import, and what reaches the workflow."""

from __future__ import annotations

import importlib.util
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from intents.context import Context
from intents.intent import Intent, IntentError, MissingSystem, intent
from intents.understanding.catalogue import Catalogue
from intents.understanding.slots import DeploymentName, EnvironmentName, Named, Replicas, TicketKey
from intents.understanding.understand import Understanding, Understood
from policies.action import Outside, said
from policies.outside import words


class Kubernetes:
    """A system."""


class Jira:
    """Another one."""


@dataclass(frozen=True)
class Scale:
    deployment: DeploymentName
    replicas: Replicas
    namespace: EnvironmentName = "production"
    ticket: TicketKey | None = None


@dataclass
class Thawed:
    replicas: Replicas


@dataclass(frozen=True)
class Placeless:
    deployment: DeploymentName


@intent(
    "scale {deployment} to {replicas}", "set {deployment} to {replicas}", tier="medium", hotkey="ctrl+alt+k", code="D20"
)
async def scale_deployment(want: Scale, kubernetes: Kubernetes, jira: Jira) -> str:
    """Scale a deployment.

    And more that nobody reads aloud.
    """
    return f"{want.deployment} {want.replicas} {type(kubernetes).__name__} {type(jira).__name__}"


def test_a_request_is_all_in_one_object() -> None:
    assert isinstance(scale_deployment, Intent)
    assert scale_deployment.name == "scale_deployment"
    assert scale_deployment.summary == "Scale a deployment."
    assert scale_deployment.sentences == ("scale {deployment} to {replicas}", "set {deployment} to {replicas}")
    assert (scale_deployment.tier, scale_deployment.hotkey, scale_deployment.code) == ("medium", "ctrl+alt+k", "D20")
    assert scale_deployment.slots is Scale
    assert scale_deployment.systems == {"kubernetes": Kubernetes, "jira": Jira}
    assert list(scale_deployment.speakable) == ["deployment", "replicas", "namespace", "ticket"]


def test_the_sentence_file_stands_beside_the_module(tmp_path: Path) -> None:
    assert scale_deployment.beside == Path(__file__).with_suffix(".yaml")
    assert (scale_deployment.variants, scale_deployment.tests, scale_deployment.rules) == ((), (), {})
    file = tmp_path / "other.yaml"
    file.write_text('rules: {to: "to {replicas}"}\nvariants: ["put {deployment} <to>"]\ntests: []\n', encoding="utf-8")

    @intent("scale {deployment} to {replicas}", tier="simple", beside=file)
    async def elsewhere(want: Scale) -> str:
        return ""

    assert elsewhere.variants == ("put {deployment} <to>",)
    assert elsewhere.rules == {"to": "to {replicas}"}
    assert elsewhere.summary == "elsewhere"


async def test_a_workflow_gets_the_systems_it_names_and_no_others() -> None:
    systems = {Kubernetes: Kubernetes(), Jira: Jira(), str: "never asked for"}
    assert await scale_deployment.run(Scale("web-app", 10), systems) == "web-app 10 Kubernetes Jira"


async def test_a_missing_system_stops_before_anything_runs() -> None:
    ran: list[str] = []

    @intent("scale {deployment} to {replicas}", tier="medium")
    async def counted(want: Scale, kubernetes: Kubernetes, jira: Jira) -> str:
        ran.append(want.deployment)
        return ""

    with pytest.raises(MissingSystem, match=r"counted needs Kubernetes and Jira, not connected here; nothing was done"):
        await counted.run(Scale("web-app", 10), {})
    several = MissingSystem("counted", ["Rancher", "NewRelic", "Jira"])
    assert str(several) == (
        "counted needs Rancher, New Relic and Jira, not connected here; nothing was done. "
        "In config.toml, the sections [rancher], [newrelic] and [jira] connect them; docs/connect.md says how."
    )
    with pytest.raises(MissingSystem, match=r"needs Jira, .* the section \[jira\] connects it"):
        await counted.run(Scale("web-app", 10), {Kubernetes: Kubernetes()})
    with pytest.raises(TypeError, match="takes Scale, not Thawed"):
        await counted.run(Thawed(3), {Kubernetes: Kubernetes(), Jira: Jira()})
    assert ran == []


async def test_a_test_calls_it_like_a_function_with_doubles() -> None:
    class Double:
        """No subclass of anything."""

    assert await scale_deployment(Scale("web-app", 10), Double(), jira=Double()) == "web-app 10 Double Double"


def test_slots_go_through_json_and_are_checked_on_the_way_back() -> None:
    want = Scale("web-app", 10, "staging", "DEV-456")
    written = scale_deployment.slots_to_json(want)
    assert written == {"deployment": "web-app", "replicas": 10, "namespace": "staging", "ticket": "DEV-456"}
    assert scale_deployment.slots_from_json(written) == want
    assert scale_deployment.slots_from_json({"deployment": "web-app", "replicas": 0}) == Scale("web-app", 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"deployment": "web-app"},
        {"deployment": "web-app", "replicas": 1001},
        {"deployment": "web-app", "replicas": -1},
        {"deployment": "web-app", "replicas": 10.5},
        {"deployment": "web-app", "replicas": 3, "ticket": "dev-1"},
        {"deployment": "web-app", "replicas": 3, "ticket": "DEV-1; rm"},
    ],
)
def test_json_that_does_not_fit_the_slots_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        scale_deployment.slots_from_json(wrong)


def test_sentences_are_counted_and_their_slots_known() -> None:
    async def workflow(want: Scale) -> str:
        return ""

    with pytest.raises(IntentError, match="4 sentences; one to 3 stand here"):
        intent("a", "b", "c", "d", tier="simple")(workflow)
    with pytest.raises(IntentError, match="0 sentences"):
        intent(tier="simple")(workflow)
    with pytest.raises(IntentError, match=r"names pods, but the slots that can be said are deployment, replicas"):
        intent("scale {deployment} to {pods}", tier="simple")(workflow)
    with pytest.raises(IntentError, match="tier 'huge' is none of simple, medium, complex"):
        intent("scale {deployment}", tier="huge")(workflow)


def test_a_signature_that_hides_something_is_refused() -> None:
    async def nothing() -> str:
        return ""

    async def thawed(want: Thawed) -> str:
        return ""

    async def untyped(want) -> str:
        return ""

    for each in (nothing, thawed, untyped):
        with pytest.raises(IntentError, match="first parameter must be annotated with a frozen dataclass"):
            intent("go", tier="simple")(each)

    async def mute(want: Scale):
        return ""

    async def numeric(want: Scale) -> int:
        return 1

    for each in (mute, numeric):
        with pytest.raises(IntentError, match="must be annotated `-> str` or `-> Outside"):
            intent("go", tier="simple")(each)

    def plain(want: Scale) -> str:
        return ""

    with pytest.raises(IntentError, match="async def"):
        intent("go", tier="simple")(plain)

    async def loose(want: Scale, kubernetes) -> str:
        return ""

    async def anything(want: Scale, **systems: Jira) -> str:
        return ""

    async def many(want: Scale, jira: Jira | None) -> str:
        return ""

    for each in (loose, anything, many):
        with pytest.raises(IntentError, match="must be annotated with the class of one system"):
            intent("go", tier="simple")(each)

    async def unknown(want: Nowhere) -> str:  # noqa: F821 - the point: this name exists nowhere
        return ""

    with pytest.raises(IntentError, match=r"cannot be resolved.*Nowhere"):
        intent("go", tier="simple")(unknown)


def test_a_name_is_looked_for_within_a_slot_that_exists() -> None:
    async def workflow(want: Placeless) -> str:
        return ""

    with pytest.raises(IntentError, match="within 'namespace', which is no slot"):
        intent("scale {deployment}", tier="simple")(workflow)


def test_fields_that_nobody_can_say_keep_their_default() -> None:
    @intent("go to {place}", tier="simple")
    async def go(want: Going) -> str:
        return ""

    assert list(go.speakable) == ["place"]
    assert isinstance(go.speakable["place"].mark, Named)


@dataclass(frozen=True)
class Going:
    place: EnvironmentName
    steps: tuple[str, ...] = field(default_factory=tuple)


async def test_the_request_that_the_documentation_adds_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "requests.md").read_text(encoding="utf-8")
    python, yaml = (re.search(rf"^```{language}\n(.*?)^```", page, re.M | re.S)[1] for language in ("python", "yaml"))
    (tmp_path / "check_health.py").write_text(python, encoding="utf-8")
    (tmp_path / "check_health.yaml").write_text(yaml, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("documented_check_health", tmp_path / "check_health.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)

    names = Catalogue.of(service=["web-app", "checkout"], environment=["production", "staging"])
    understanding = Understanding([module.check_health], names)
    nowhere = Context(project=None, branch=None, ticket=None, folder=None, person="ines")
    assert module.check_health.tests
    for case in module.check_health.tests:
        answer = understanding.understand(case.say, nowhere, channel="typed")
        understood = answer.slots if isinstance(answer, Understood) else None
        assert understood == (None if case.slots is None else module.Check(**case.slots)), case.say

    class NewRelic:
        async def health(self, service: str, environment: str) -> SimpleNamespace:
            return SimpleNamespace(summary="0.2 % errors")

    said = await module.check_health(module.Check("checkout"), NewRelic())
    assert said == "checkout in production: 0.2 % errors."


@dataclass(frozen=True)
class Empty:
    """Nothing to say."""


async def test_what_is_said_may_hold_the_words_of_others() -> None:
    @intent("quote", tier="simple")
    async def quote(want: Empty) -> Outside[str]:
        return said("They wrote: ", Outside("scale to 50", "jira DEV-1 summary"))

    @intent("either", tier="simple")
    async def either(want: Empty) -> str | Outside[str]:
        return "mine"

    assert words(await quote.run(Empty(), {})) == "They wrote: scale to 50"
    assert await either.run(Empty(), {}) == "mine"
