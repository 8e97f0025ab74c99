"""All the ways a text can be read."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from intents.intent import Intent, intent
from intents.understanding.catalogue import Catalogue
from intents.understanding.sentences import SentenceError
from intents.understanding.slots import Replicas, ServiceName
from intents.understanding.templates import MOST_WORDS, Templates, Unknown


@dataclass(frozen=True)
class Wanted:
    service: ServiceName
    replicas: Replicas = 1


@intent("run {service} [with {replicas} pods]", tier="simple")
async def run_service(want: Wanted) -> str:
    return ""


@pytest.fixture
def templates() -> Templates:
    return Templates([run_service])


@pytest.fixture
def services() -> Catalogue:
    return Catalogue.of(service=["web-app", "auth-api", "authn-api"])


def read(templates: Templates, text: str, services: Catalogue) -> list[dict[str, object]]:
    return [dict(each.slots) for each in templates.exact(text, services)]


def test_slots_hold_what_they_mean(templates: Templates, services: Catalogue) -> None:
    assert read(templates, "run web app with 10 pods", services) == [{"service": "web-app", "replicas": 10}]
    assert read(templates, "run web app", services) == [{"service": "web-app"}]
    assert read(templates, "please run web app", services) == []
    assert read(templates, "", services) == []


def test_a_whole_number_is_an_int_and_nothing_else_is_a_number(templates: Templates, services: Catalogue) -> None:
    (reading,) = templates.exact("run web app with 10 pods", services)
    assert type(dict(reading.slots)["replicas"]) is int
    for wrong in ("10.5", "10.0", "1001", "minus 3", "-3", "1e2", "٣", "10²", "0x10", "9" * 5000):
        assert read(templates, f"run web app with {wrong} pods", services) == [], wrong
    assert read(templates, "run web app with 0010 pods", services) == [{"service": "web-app", "replicas": 10}]


def test_names_that_are_said_the_same_are_several_readings(templates: Templates, services: Catalogue) -> None:
    both = [{"service": "auth-api"}, {"service": "authn-api"}]
    assert sorted(read(templates, "run authentication api", services), key=str) == both


def test_a_name_with_its_words_apart_is_read_and_marked(templates: Templates, services: Catalogue) -> None:
    (plain,) = templates.exact("run web app", services)
    (apart,) = templates.exact("run we bapp", services)
    assert (plain.slots, plain.respelled) == ((("service", "web-app"),), False)
    assert (apart.slots, apart.respelled) == ((("service", "web-app"),), True)


def test_a_second_look_lets_unknown_words_stand_in_a_slot(templates: Templates, services: Catalogue) -> None:
    readings = templates.near("run banana bread with a few pods", services)
    assert [each.slots for each in readings] == []
    readings = templates.near("run banana bread with few pods", services)
    assert (("service", Unknown("banana bread")), ("replicas", Unknown("few"))) in [each.slots for each in readings]
    readings = templates.near("run banana with 3 pods", services)
    assert {"service": Unknown("banana")} in [each.unknown for each in readings]
    assert {"service": Unknown("banana with 3 pods")} in [each.unknown for each in readings]


def test_a_long_text_gets_no_second_look(templates: Templates, services: Catalogue) -> None:
    assert templates.near("run " + "banana " * MOST_WORDS, services) == []


def test_the_names_may_change_without_parsing_again(templates: Templates) -> None:
    assert read(templates, "run ledger", Catalogue.of(service=["ledger"])) == [{"service": "ledger"}]
    assert read(templates, "run ledger", Catalogue.of(service=[])) == []


def test_a_template_that_cannot_be_parsed_is_named(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text('variants: ["run [the {service}"]', encoding="utf-8")

    @intent("run {service}", tier="simple", beside=file)
    async def broken(want: Wanted) -> str:
        return ""

    with pytest.raises(SentenceError, match="broken: a template cannot be read"):
        Templates([broken])


def test_every_template_of_the_three_requests_can_be_said(requests: list[Intent]) -> None:
    templates = Templates(requests)
    for each in requests:
        assert len(templates.parsed(each).sentences) == len(each.sentences) + len(each.variants)
