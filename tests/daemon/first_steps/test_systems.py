"""What is asked to connect a system, held against the settings themselves."""

from __future__ import annotations

import pytest

from daemon.first_steps.systems import QUESTIONS, SYSTEMS, needed, questions, secret_of
from daemon.sections import Config


@pytest.mark.parametrize("system", SYSTEMS)
def test_everything_that_has_to_be_known_is_asked_for(system: str) -> None:
    asked = {each.name for each in questions(system)}
    assert needed(system) <= asked and asked, "its section would be wrong"
    assert all(not each.optional for each in questions(system) if each.name in needed(system))


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_answers_make_a_right_section(system: str) -> None:
    section = {each.name.partition(".")[2]: 7 if each.number else "https://x.example" for each in questions(system)}
    assert getattr(Config.model_validate({system: section}), system) is not None


def test_no_question_is_about_something_else() -> None:
    assert {name.partition(".")[0] for name in QUESTIONS} == set(SYSTEMS)


def test_secrets_are_named_by_their_variables() -> None:
    assert secret_of("jira") == "DEVOS_JIRA_TOKEN" and secret_of("servicenow") == "DEVOS_SERVICENOW_PASSWORD"
    assert secret_of("cdk") is None
