"""Graph as a client sees it, its answers held to Microsoft's own description."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from integrations.sandbox import graph
from integrations.sandbox.client import NotAccepted
from integrations.sandbox.graph import LASTS, entra_id

if TYPE_CHECKING:
    from tests.integrations.sandbox.conftest import Clock, Running

CARD = {"type": "AdaptiveCard", "version": "1.4", "body": []}
ATTACHMENT = {"id": "74d20c7f", "contentType": "application/vnd.microsoft.card.adaptive", "content": json.dumps(CARD)}
MESSAGE = {
    "body": {"contentType": "html", "content": '<attachment id="74d20c7f"></attachment>'},
    "attachments": [ATTACHMENT],
}
TEXT = {"body": {"contentType": "text", "content": "approve k7m2qd"}}


class Graph:
    """Graph by HTTP, as an account or as an application alone."""

    def __init__(self, running: Running) -> None:
        self.running = running
        place = running.world.all("graph/channel")["channel"]
        self.channel = f"/v1.0/teams/{place['team']}/channels/{place['channel']}/messages"
        self.http = httpx.Client(base_url=running.endpoints.graph)

    def token(self, refresh: str = "") -> str:
        """A token: of the account that the refresh token stands for, or of the application alone."""
        kind = {"grant_type": "refresh_token", "refresh_token": refresh} if refresh else {}
        form = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "s", "scope": "x", **kind}
        answer = self.http.post("/larkfield/oauth2/v2.0/token", data=form)
        assert answer.status_code == 200
        return str(answer.json()["access_token"])

    def send(self, method: str, path: str, body: Any = None, *, by: str = "sandbox") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token(by)}"}
        return self.http.request(method, path, json=body, headers=headers)

    def post(self, body: Any = MESSAGE, *, by: str = "sandbox", to: str = "") -> str:
        answer = self.send("POST", self.channel + to, body, by=by)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


@pytest.fixture
def teams(running: Running) -> Iterator[Graph]:
    made = Graph(running)
    yield made
    made.http.close()


@pytest.fixture(scope="session")
def description(specs: Path) -> Any:
    """Microsoft's description, with the server that the sandbox stands in for."""
    from openapi_core import Config, OpenAPI

    found = json.loads((specs / "microsoft-graph-subset.json").read_text())
    return OpenAPI.from_dict(found, config=Config(spec_validator_cls=None))


def held(description: Any, answer: httpx.Response) -> Any:
    """Hold a request and its answer to the description; the answer's JSON."""
    from openapi_core.testing import MockRequest, MockResponse

    request = MockRequest(
        "https://graph.microsoft.com",
        answer.request.method.lower(),
        answer.request.url.path,
        data=answer.request.content or None,
        content_type="application/json",
    )
    description.validate_request(request)
    found = answer.json() if answer.content else None
    # References that the description calls nullable refuse null by its own letter; Microsoft's answers hold many.
    data = json.dumps(_without_nulls(found)).encode() if answer.content else b""
    description.validate_response(request, MockResponse(data, answer.status_code, content_type="application/json"))
    return found


def _without_nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: _without_nulls(each) for name, each in value.items() if each is not None}


def test_a_card_is_posted_read_and_changed_as_described(teams: Graph, description: Any) -> None:
    made = held(description, teams.send("POST", teams.channel, MESSAGE))
    assert made["from"]["user"]["id"] == entra_id("devos.automation") and made["attachments"] == [ATTACHMENT]
    changed = {**MESSAGE, "attachments": [{**ATTACHMENT, "content": "{}"}]}
    assert held(description, teams.send("PATCH", f"{teams.channel}/{made['id']}", changed)) is None
    read = held(description, teams.send("GET", f"{teams.channel}/{made['id']}"))
    assert read["attachments"][0]["content"] == "{}" and read["lastEditedDateTime"]
    assert [each["id"] for each in held(description, teams.send("GET", teams.channel))["value"]] == [made["id"]]


def test_replies_come_newest_first_and_in_pages(teams: Graph, description: Any) -> None:
    thread = teams.post()
    made = [teams.post(TEXT, by="dana.whitfield", to=f"/{thread}/replies") for _ in range(5)]
    page = held(description, teams.send("GET", f"{teams.channel}/{thread}/replies?$top=2"))
    seen = [each["id"] for each in page["value"]]
    while "@odata.nextLink" in page:
        page = teams.send("GET", page["@odata.nextLink"]).json()
        seen += [each["id"] for each in page["value"]]
    assert seen == made[::-1]
    assert page["value"][0]["from"]["user"]["id"] == entra_id("dana.whitfield")
    assert page["value"][0]["replyToId"] == thread


def test_a_reply_is_edited_and_deleted_by_its_author_alone(teams: Graph) -> None:
    thread = teams.post()
    reply = teams.post(TEXT, by="dana.whitfield", to=f"/{thread}/replies")
    place = f"{teams.channel}/{thread}/replies/{reply}"
    assert teams.send("PATCH", place, TEXT, by="priya.raman").status_code == 403
    assert teams.send("PATCH", place, TEXT, by="dana.whitfield").status_code == 204
    assert teams.send("GET", place).json()["lastEditedDateTime"]
    assert teams.send("POST", f"{place}/softDelete", by="dana.whitfield").status_code == 204
    gone = teams.send("GET", place).json()
    assert gone["deletedDateTime"] and gone["body"]["content"] == ""
    assert teams.send("PATCH", place, TEXT, by="dana.whitfield").status_code == 404


def test_an_application_alone_reads_and_does_not_write(teams: Graph) -> None:
    assert teams.send("GET", teams.channel, by="").status_code == 200
    answer = teams.send("POST", teams.channel, MESSAGE, by="")
    assert answer.status_code == 403 and "account" in answer.json()["error"]["message"]


def test_a_token_is_needed_and_runs_out(teams: Graph, clock: Clock) -> None:
    headers = {"Authorization": f"Bearer {teams.token()}"}
    assert teams.http.get(teams.channel, headers=headers).status_code == 200
    clock.pass_by(LASTS)
    assert teams.http.get(teams.channel, headers=headers).status_code == 401
    assert teams.http.get(teams.channel).status_code == 401
    refused = teams.http.post("/t/oauth2/v2.0/token", data={"grant_type": "client_credentials", "client_id": "c"})
    assert refused.status_code == 401 and refused.json()["error"] == "invalid_client"


def test_people(teams: Graph, description: Any) -> None:
    found = held(description, teams.send("GET", "/v1.0/users"))["value"]
    dana = next(each for each in found if each["displayName"] == "Dana Whitfield")
    assert dana["id"] == entra_id("dana.whitfield") and len(dana["id"]) == 36
    assert held(description, teams.send("GET", f"/v1.0/users/{dana['id']}")) == dana
    assert held(description, teams.send("GET", "/v1.0/me", by="dana.whitfield")) == dana
    assert teams.send("GET", "/v1.0/users/nobody").status_code == 404


@pytest.mark.parametrize(
    "message",
    [
        {},
        [],
        {"body": "approve"},
        {"body": {"content": 7}},
        {"body": {"content": "x", "contentType": "rtf"}},
        {"body": {"content": "no reference"}, "attachments": [ATTACHMENT]},
        {"body": {"content": '<attachment id="1"></attachment>'}, "attachments": []},
        {"body": {"content": "x" * 28_001}},
        {"body": {"content": "x"}, "attachments": ["card"]},
    ],
)
def test_what_teams_does_not_take(teams: Graph, message: Any) -> None:
    answer = teams.send("POST", teams.channel, message)
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "BadRequest"


def test_what_is_not_there(teams: Graph) -> None:
    thread = teams.post()
    reply = teams.post(TEXT, to=f"/{thread}/replies")
    elsewhere = teams.channel.replace("/teams/", "/teams/x")
    for path in (
        elsewhere,
        f"{teams.channel}/1",
        f"{teams.channel}/1/replies",
        f"{teams.channel}/{reply}",
        "/v1.0/sites",
    ):
        answer = teams.send("GET", path)
        assert answer.status_code == 404 and answer.json()["error"]["code"] == "NotFound", path


def test_colleagues_reply(teams: Graph) -> None:
    admin = teams.running.admin
    with pytest.raises(NotAccepted, match="nothing was posted"):
        admin.reply("approve k7m2qd")
    first, second = teams.post(), teams.post()
    assert admin.reply("approve k7m2qd") | {"reply": ""} == {"message": second, "reply": "", "by": "dana.whitfield"}
    made = admin.reply("deny k7m2qd because no", by="devos.automation", to=first)
    bot = teams.send("GET", f"{teams.channel}/{first}/replies/{made['reply']}").json()["from"]
    assert bot["user"] is None and bot["application"]["displayName"] == "DevOS Automation"
    with pytest.raises(NotAccepted, match="nobody called"):
        admin.reply("approve", by="mallory")
    with pytest.raises(NotAccepted, match="no message"):
        admin.reply("approve", to="1")
    told = graph.summary(teams.running.world)
    assert told["messages"][second]["replies"] == [{"by": "dana.whitfield", "text": "approve k7m2qd"}]
    assert told["people"]["dana.whitfield"] == entra_id("dana.whitfield")


def test_no_credential_is_in_the_journal(teams: Graph) -> None:
    teams.token("a-refresh-token")
    entry = teams.running.admin.journal("graph")[-1]
    assert entry["body"]["client_secret"] == entry["body"]["refresh_token"] == "***"
    assert entry["body"]["client_id"] == "c"
