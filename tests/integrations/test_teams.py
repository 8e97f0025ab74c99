"""Cards and replies, over the wire to the simulated Teams; each request held to Microsoft's description."""

import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from integrations.graph import SignIn
from integrations.http import NotThere, SignInFailed
from integrations.sandbox import graph_messages
from integrations.sandbox.client import Sandbox
from integrations.sandbox.graph import entra_id
from integrations.sandbox.server import served
from integrations.teams import NoAccount, Posted, Teams
from policies.action import Outside, Target, Unreachable

KEY = "run-1:step-2"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CARD = json.dumps({"type": "AdaptiveCard", "version": "1.4", "body": []})


class Channel:
    """A sandbox's channel, and Teams as its account."""

    def __init__(self, world, endpoints):
        self.world, self.endpoints = world, endpoints
        self.admin = Sandbox(endpoints)
        self.place = world.all(graph_messages.CHANNEL)["channel"]
        self.made = []

    def teams(self, refresh="sandbox", secret="s", **more):
        sign_in = SignIn(self.endpoints.graph, "larkfield", "c", secret, refresh=refresh)
        self.made.append(Teams(sign_in, self.place["team"], self.place["channel"], url=self.endpoints.graph, **more))
        return self.made[-1]

    def post(self, content, kind="html", by="dana.whitfield", to=None, **more):
        """A message, or a reply, as Teams stores it."""
        body = {"contentType": kind, "content": content}
        return graph_messages.post(self.world, body, more.pop("attachments", []), by, thread=to, **more)

    def journal(self, method):
        return [
            each for each in self.admin.journal("graph") if each["method"] == method and "oauth2" not in each["path"]
        ]


@pytest.fixture
def now():
    return [START]


@pytest.fixture
async def channel(tmp_path, now):
    with served(tmp_path / "sandbox", lambda: now[0]) as (world, endpoints):
        made = Channel(world, endpoints)
        yield made
        for teams in made.made:
            await teams.aclose()


@pytest.fixture
def teams(channel):
    return channel.teams()


async def test_a_card_is_posted_once(channel, teams, door):
    posted = await door(teams.ask, "k7m2qd", CARD)
    assert posted.at == START and posted.id in posted.url
    assert await door(teams.ask, "k7m2qd", CARD) == posted
    other = await door(teams.ask, "zzzzzz", CARD)
    assert other.id != posted.id and len(channel.journal("POST")) == 2
    assert (await teams.ask.call("k7m2qd", CARD).look_up(KEY)).result == posted
    assert await teams.ask.call("nobody", CARD).look_up(KEY) is None


async def test_a_lost_answer_is_found_again(channel, teams, door):
    channel.admin.fault(system="graph", kind="lost-reply", method="POST", path="messages")
    with pytest.raises(Unreachable):
        await door(teams.ask, "k7m2qd", CARD)
    found = await teams.ask.call("k7m2qd", CARD).look_up(KEY)
    assert found.result == await door(teams.ask, "k7m2qd", CARD)
    assert len(channel.journal("POST")) == 1


async def test_somebody_elses_card_under_the_same_id_is_not_ours(channel, teams, door):
    posted = await door(teams.ask, "k7m2qd", CARD)
    (sent,) = channel.journal("POST")
    graph_messages.post(channel.world, sent["body"]["body"], sent["body"]["attachments"], "sam.okafor")
    assert (await teams.ask.call("k7m2qd", CARD).look_up(KEY)).result == posted
    graph_messages.delete(channel.world, posted.id, "devos.automation")
    assert await teams.ask.call("k7m2qd", CARD).look_up(KEY) is None


async def test_while_nothing_answers_it_is_asked_again_which_looks_first(channel, teams):
    channel.admin.fault(system="graph", kind="status", status=503, times=None)
    assert await teams.ask.call("k7m2qd", CARD).look_up(KEY) is None
    assert await teams.update.call("1", "k7m2qd", CARD).look_up(KEY) is None


async def test_a_card_is_set_anew(channel, teams, door):
    posted = await door(teams.ask, "k7m2qd", CARD)
    closed = json.dumps({"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "closed"}]})
    call = teams.update.call(posted.id, "k7m2qd", closed)
    assert await call.look_up(KEY) is None
    await call.perform(KEY)
    assert (await call.look_up(KEY)).result is None
    assert channel.admin.state()["graph"]["messages"][posted.id]["card"] == [closed]


async def test_an_application_alone_may_read_and_is_told_why_it_cannot_post(channel, teams, door):
    posted = await door(teams.ask, "k7m2qd", CARD)
    alone = channel.teams(refresh="")
    assert await door(alone.replies, posted.id) == []
    with pytest.raises(NoAccount, match="account"):
        await door(alone.ask, "zzzzzz", CARD)
    assert await alone.find("k7m2qd") is None and (await teams.find("k7m2qd")) == posted
    with pytest.raises(SignInFailed):
        await door(channel.teams(refresh="", secret="").replies, posted.id)


async def test_replies_are_read_to_the_end_oldest_first(channel, teams, door):
    posted = await door(teams.ask, "k7m2qd", CARD)
    for number in range(120):
        channel.post(f"<p>reply {number}</p>", to=posted.id)
    found = await door(teams.replies, posted.id)
    assert [each.text.open() for each in found] == [f"reply {number}" for number in range(120)]
    assert {each.author for each in found} == {entra_id("dana.whitfield")}
    assert found[0].text.sources == (f"teams reply {found[0].id}",)


@pytest.mark.parametrize(
    ("content", "kind", "text", "bare"),
    [
        ("approve k7m2qd", "text", "approve k7m2qd", True),
        ("<p>approve k7m2qd</p>", "text", "<p>approve k7m2qd</p>", True),
        ("<p>approve&nbsp;k7m2qd</p>", "html", "approve k7m2qd", True),
        ("<div><div>deny k7m2qd because</div><div>why</div></div>", "html", "deny k7m2qd because\nwhy", True),
        ('<p itemprop="copy-paste-block" dir="auto">approve</p><p>&nbsp;</p>', "html", "approve", True),
        ('<p dir="rtl">approve k7m2qd</p>', "html", "approve k7m2qd", False),
        ("one<br>two<br/>", "html", "one\ntwo", True),
        ("<p>a &lt;b&gt; &amp; c</p>", "html", "a <b> & c", True),
        ('<p style="display:none">x</p><p>approve k7m2qd</p>', "html", "x\napprove k7m2qd", False),
        ("<blockquote>approve k7m2qd</blockquote>", "html", "approve k7m2qd", False),
        ('<a href="https://evil.example">approve k7m2qd</a>', "html", "approve k7m2qd", False),
        ("<b>approve</b> k7m2qd", "html", "approve\nk7m2qd", False),
        ("<p>approve k7m2qd<!-- not really --></p>", "html", "approve k7m2qd", False),
        ("<!DOCTYPE x><?php ?><![CDATA[x]]><p>approve</p>", "html", "approve", False),
        ("<script>approve k7m2qd</script>", "html", "approve k7m2qd", False),
        ("", "html", "", True),
    ],
)  # fmt: skip
async def test_the_words_of_a_reply_and_whether_they_are_all_there_is(channel, teams, door, content, kind, text, bare):
    posted = await door(teams.ask, "k7m2qd", CARD)
    channel.post(content, kind, to=posted.id)
    (reply,) = await door(teams.replies, posted.id)
    assert (reply.text.open(), reply.bare) == (text, bare)
    assert isinstance(reply.text, Outside) and not reply.edited and not reply.deleted


async def test_what_became_of_a_reply_and_who_wrote_it(channel, teams, door, now):
    posted = await door(teams.ask, "k7m2qd", CARD)
    quoted = [{"id": "1", "contentType": "messageReference", "content": "{}"}]
    edited, deleted, _, _ = (
        channel.post("approve k7m2qd", to=posted.id),
        channel.post("approve k7m2qd", to=posted.id),
        channel.post("approve k7m2qd", by="devos.automation", bot=True, to=posted.id),
        channel.post('approve k7m2qd<attachment id="1"></attachment>', attachments=quoted, to=posted.id),
    )
    now[0] = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)
    graph_messages.change(channel.world, edited, {"contentType": "text", "content": "deny"}, [], "dana.whitfield")
    graph_messages.delete(channel.world, deleted, "dana.whitfield")
    first, second, third, fourth = await door(teams.replies, posted.id)
    assert (first.edited, first.deleted, first.at) == (True, False, START.replace(microsecond=first.at.microsecond))
    assert (second.deleted, second.text.open()) == (True, "")
    assert third.author is None and not fourth.bare


def answered(**message):
    """Teams, where one message has this one reply."""
    full = {"id": "7", "createdDateTime": "2026-03-02T09:00:00Z", "messageType": "message", "attachments": []} | message

    def answer(request):
        if request.method == "POST":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3599})
        return httpx.Response(200, json={"value": [full]})

    return Teams(SignIn("https://l.example", "t", "c", "s"), "t", "c", transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(
    ("message", "author"),
    [
        ({"from": {"user": {"id": "u1", "userIdentityType": "aadUser"}}}, "u1"),
        ({"from": {"user": {"id": "u1"}, "application": None}}, "u1"),
        ({"from": {"user": {"id": "u1", "userIdentityType": "skypeUser"}}}, None),
        ({"from": {"user": {"id": "u1", "userIdentityType": "anonymousGuest"}}}, None),
        ({"from": {"user": {"id": "u1"}, "application": {"id": "a1"}}}, None),
        ({"from": {"application": {"id": "a1"}}}, None),
        ({"from": None, "messageType": "systemEventMessage"}, None),
        ({"from": {"user": {"id": "u1"}}, "messageType": "systemEventMessage"}, None),
        ({"from": {"user": {"displayName": "Dana Whitfield"}}}, None),
    ],
)  # fmt: skip
async def test_only_a_person_of_the_organisation_is_an_author(door, message, author):
    (reply,) = await door(answered(**message).replies, "1")
    assert reply.author == author and reply.text.open() == ""


async def test_ids_that_are_none_reach_no_address(channel, teams, door):
    for wrong in ("", "1/../../x", "१", "1?x"):
        with pytest.raises(NotThere, match="is a number"):
            await door(teams.replies, wrong)
    assert channel.journal("GET") == []


async def test_what_it_would_do(teams, channel):
    asking, updating = teams.ask.call("k7m2qd", CARD), teams.update.call("1", "k7m2qd", CARD)
    assert asking.target() == updating.target() == Target(channel.place["channel"])
    assert (await asking.preview()).summary == "Post the question k7m2qd in Teams"
    assert "k7m2qd" in (await updating.preview()).summary
    assert isinstance(Posted("1", START, ""), Posted)


async def test_every_request_is_as_microsoft_describes_it(channel, door):
    path = Path(__file__).parents[3] / "shared" / "specs" / "microsoft-graph-subset.json"
    if not path.exists():
        pytest.skip("needs Microsoft's description: ../shared/specs is not there")
    from openapi_core import Config, OpenAPI
    from openapi_core.testing import MockRequest

    description = OpenAPI.from_dict(json.loads(path.read_text()), config=Config(spec_validator_cls=None))
    seen = []

    class Watching(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request):
            seen.append(request)
            return await super().handle_async_request(request)

    teams = channel.teams(transport=Watching())
    posted = await door(teams.ask, "k7m2qd", CARD)
    await door(teams.update, posted.id, "k7m2qd", CARD)
    await door(teams.replies, posted.id)
    held = [each for each in seen if "oauth2" not in each.url.path]
    for each in held:
        request = MockRequest(
            "https://graph.microsoft.com",
            each.method.lower(),
            each.url.path,
            args=dict(each.url.params),
            data=each.content or None,
            content_type="application/json",
        )
        description.validate_request(request)
    assert [each.method for each in held] == ["GET", "GET", "POST", "PATCH", "GET"]
