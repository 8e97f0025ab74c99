from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from integrations.sandbox.auth import AUTOMATION, person_of, stable_id


def header(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "authorization",
    ["", "Basic", "Basic !!!", "Bearer abc", header("dana"), header(":x"), header("dana:"), "Basic /w=="],
)
def test_without_a_name_and_a_password_there_is_no_answer(running: Any, authorization: str) -> None:
    headers = {"Authorization": authorization}
    jira = httpx.get(f"{running.endpoints.jira}/rest/api/3/myself", headers=headers)
    servicenow = httpx.get(f"{running.endpoints.servicenow}/api/now/table/incident", headers=headers)
    assert (jira.status_code, servicenow.status_code) == (401, 401)
    assert jira.json()["message"] == "Client must be authenticated to access this resource."
    assert servicenow.json() == {
        "error": {"message": "User Not Authenticated", "detail": "Required to provide Auth information"},
        "status": "failure",
    }
    assert servicenow.headers["WWW-Authenticate"].startswith("BASIC")


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("priya.raman", "Priya Raman"),
        ("Priya.Raman@larkfield.example", "Priya Raman"),
        ("somebody@example.com", "DevOS Automation"),
    ],
)
def test_a_name_is_a_person_or_the_automation_account(running: Any, name: str, person: str) -> None:
    answer = httpx.get(f"{running.endpoints.jira}/rest/api/3/myself", auth=(name, "any token: at all"))
    assert answer.json()["displayName"] == person
    assert person_of(running.world, "nobody") == AUTOMATION


def test_ids_are_always_the_same() -> None:
    assert stable_id("sys_user", "a") == stable_id("sys_user", "a") != stable_id("sys_user", "b")
    assert len(stable_id("x")) == 32
