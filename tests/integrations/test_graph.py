"""Signing in to Graph, against an authority and a Graph that answer as the test says."""

import json
from urllib.parse import parse_qs

import httpx
import pytest

from integrations.graph import Graph, SignIn
from integrations.http import BadAnswer, SignInFailed
from policies.action import Unreachable


class Microsoft:
    """The sign-in and Graph behind one transport."""

    def __init__(self):
        self.tokens = iter(f"token-{n}" for n in range(1, 100))
        self.valid = set()
        self.forms, self.paths = [], []
        self.lasts, self.extra = 3599, {}
        self.refusal = None
        self.pages = {"/v1.0/things": {"value": [1, 2]}}

    def __call__(self, request):
        if request.url.path.endswith("/oauth2/v2.0/token"):
            self.forms.append({name: values[0] for name, values in parse_qs(request.content.decode()).items()})
            if self.refusal is not None:
                return self.refusal
            token = next(self.tokens)
            self.valid.add(token)
            return httpx.Response(200, json={"access_token": token, "expires_in": self.lasts, **self.extra})
        self.paths.append(request.url.raw_path.decode())
        if request.headers["Authorization"].removeprefix("Bearer ") not in self.valid:
            return httpx.Response(401, json={"error": {"code": "InvalidAuthenticationToken", "message": "expired"}})
        return httpx.Response(200, json=self.pages[request.url.raw_path.decode().partition("?%24top")[0]])


@pytest.fixture
def microsoft():
    return Microsoft()


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def graph(microsoft, now, secret):
    def give(**more):
        sign_in = SignIn("https://login.example/", "t/enant", "c", secret, clock=lambda: now[0], **more)
        return Graph("Teams", "https://graph.example", sign_in, transport=httpx.MockTransport(microsoft))

    return give


async def test_a_token_is_fetched_once_and_renewed_before_its_end(microsoft, graph, now, secret):
    used = graph()
    assert await used.pages("/things") == await used.pages("/things") == [1, 2]
    assert microsoft.forms == [
        {
            "grant_type": "client_credentials",
            "client_id": "c",
            "client_secret": secret,
            "scope": "https://graph.microsoft.com/.default",
        }
    ]
    now[0] = 3539.5
    await used.pages("/things")
    assert len(microsoft.forms) == 2
    await used.aclose()


async def test_an_account_signs_in_with_the_newest_refresh_token(microsoft, graph, now, secret):
    used = graph(refresh="first")
    assert used.sign_in.is_account and not graph().sign_in.is_account
    microsoft.extra = {"refresh_token": "second"}
    await used.pages("/things")
    now[0] = 4000.0
    await used.pages("/things")
    assert [form["refresh_token"] for form in microsoft.forms] == ["first", "second"]
    assert microsoft.forms[0]["grant_type"] == "refresh_token" and "offline_access" in microsoft.forms[0]["scope"]


async def test_a_refused_token_is_renewed_once(microsoft, graph, clean):
    used = graph()
    await used.pages("/things")
    microsoft.valid.clear()
    assert await used.pages("/things") == [1, 2]
    assert len(microsoft.forms) == 2
    microsoft.valid = type("Nothing", (), {"add": lambda *_: None, "__contains__": lambda *_: False})()
    with pytest.raises(SignInFailed) as refused:
        await used.pages("/things")
    assert len(microsoft.forms) == 3 and "Teams at graph.example" in clean(refused.value)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(401, json={"error": "invalid_client", "error_description": "AADSTS7000215"}), SignInFailed),
        (httpx.Response(400, json={"error": "invalid_grant"}), SignInFailed),
        (httpx.Response(429, json={}), Unreachable),
        (httpx.Response(503, text="busy"), Unreachable),
        (httpx.Response(200, text="<html>sign in</html>", headers={"content-type": "text/html"}), BadAnswer),
        (httpx.Response(200, json={"id_token": "x"}), BadAnswer),
    ],
)
async def test_what_the_sign_in_refuses(microsoft, graph, clean, answer, error):
    microsoft.refusal = answer
    with pytest.raises(error) as refused:
        await graph().pages("/things")
    assert clean(refused.value) and not microsoft.paths


async def test_the_secret_goes_to_the_sign_in_alone(microsoft, graph, secret):
    seen = []

    def look(request):
        seen.append((request.url.host, request.content.decode(), str(request.headers)))
        return microsoft(request)

    sign_in = SignIn("https://login.example", "t", "c", secret, refresh=secret)
    await Graph("Teams", "https://graph.example", sign_in, transport=httpx.MockTransport(look)).pages("/things")
    assert {host for host, body, headers in seen if secret in body + headers} == {"login.example"}


async def test_pages_are_followed_to_the_end_but_never_to_another_host(microsoft, graph):
    more = "https://graph.example/v1.0/things?$skiptoken=2"
    microsoft.pages["/v1.0/things"] = {"value": [1, 2], "@odata.nextLink": more}
    microsoft.pages["/v1.0/things?$skiptoken=2"] = {"value": [3]}
    used = graph()
    assert await used.pages("/things", {"$top": "2"}) == [1, 2, 3]
    assert await used.pages("/things", limit=2) == [1, 2]
    for elsewhere in ("https://evil.example/v1.0/things", "https://graph.example.evil.example/v1.0/x", "//evil"):
        microsoft.pages["/v1.0/things"]["@odata.nextLink"] = elsewhere
        with pytest.raises(BadAnswer, match="next page"):
            await used.pages("/things")
    assert json.dumps(microsoft.paths).count("evil") == 0
