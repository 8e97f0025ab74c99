"""What is taken out as a secret, and what is not."""

import base64
import random
import uuid

import pytest

from policies.action import Json
from policies.audit.personal import KINDS
from policies.audit.redact import redact, redactor

# Put together here, so that nobody takes this file for one that leaks.
LETTERS = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0fL"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK\n-----END RSA PRIVATE KEY-----"
JWT = ".".join(["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxIn0", "c2lnbmF0dXJl"])
BASIC = base64.b64encode(b"ana:hunter2").decode()

TOKENS = [
    "AKIA" + "IOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY",
    "xoxb-" + "123456789012-abcdefghij",
    "xapp-" + "1-A0123456789",
    "ghp_" + LETTERS,
    "github_pat_" + LETTERS,
    "glpat-" + LETTERS,
    "ATATT3" + LETTERS,
    "ATBB" + LETTERS,
    "NRAK-" + LETTERS.upper(),
    "0123456789abcdef0123456789abcdef0123" + "NRAL",
    "figd_" + LETTERS,
    "token-abcde:" + "abcdefghij0123456789" * 2,
    "AIza" + LETTERS + "abc",
    "ya29." + LETTERS,
    "sk-" + LETTERS,
    "hf_" + LETTERS,
    "hvs." + LETTERS,
    "npm_" + LETTERS,
    "pypi-" + LETTERS,
    JWT,
    PEM,
    PEM.replace("RSA ", ""),
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQOYBF\n-----END PGP PRIVATE KEY BLOCK-----",
]

NAMES = [
    *("password", "Password", "passwd", "pwd", "passphrase", "db_password", "DB_PASSWORD", "userPassword", "password1"),
    *(
        "token",
        "accessToken",
        "access_token",
        "x-auth-token",
        "refresh.token",
        "secret",
        "client_secret",
        "clientSecret",
    ),
    *("apiKey", "api_key", "apikey", "X-API-Key", "privateKey", "private_key", "secretAccessKey", "signing_key"),
    *("authorization", "Authorization", "Proxy-Authorization", "cookie", "Set-Cookie", "cookies", "credentials"),
    *("webhook_url", "connectionString", "JSESSIONID", "password_hash"),
    *("DB_PASS", "cardNumber", "ssn", "cvv", "ID_TOKEN_REQUEST_TOKEN"),
]

ORDINARY = [
    "DEV-456 is blocked by CODE-12",
    "0b5f2c9e-7a53-4c8d-9d3a-0a6b7d1e2f3a",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "scale the web-app deployment to 10 replicas and monitor the rollout",
    "The token bucket refills; a password: please rotate it.",
    "basic understanding of bearer responsibilities",
    "Basic authentication is switched off",
    "ask-everybody-in-the-whole-company, disk-usage-of-production-web-app-pods",
    "sk-everybody-in-the-whole-company",
    "https://jira.example.com/browse/DEV-456?focusedCommentId=10001",
    "https://example.com:8443/path@2x.png",
    "SELECT average(cpuPercent) FROM K8sContainerSample WHERE deploymentName = 'web-app' SINCE 15 minutes ago",
    "kubectl rollout status deployment/web-app --namespace production --timeout 300s",
    "integrations/kubernetes/deployments/scale.py",
    "AcmeCompanyDashboardWidgetFactoryProducer",
    "secretary: Anna, tokenised: yes",
    "if token == previous",
    "2026-03-01T09:00:00.000Z",
    "CHG0030001 approved by ana@example.com",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "",
]


@pytest.mark.parametrize("token", TOKENS)
def test_a_token_is_known_by_its_shape_wherever_it_stands(token: str) -> None:
    assert redact(token) == "[redacted]"
    assert redact([{"said": f"It is {token} they say"}]) == [{"said": "It is [redacted] they say"}]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", ["hunter2", 1234, ["hunter2"], {"a": "hunter2"}])
def test_what_stands_under_a_secret_name_is_taken_out(name: str, value: Json) -> None:
    assert redact({"deep": [{name: value}]}) == {"deep": [{name: "[redacted]"}]}


@pytest.mark.parametrize("value", [None, "", True, False])
def test_nothing_is_no_secret(value: Json) -> None:
    assert redact({"password": value}) == {"password": value}


@pytest.mark.parametrize(
    "name",
    [
        "nextPageToken",
        "skip_token",
        "ClientRequestToken",
        "key",
        "tokens",
        "max_tokens",
        "secretName",
        "passed",
        "tokenizer",
        "author",
        "keys",
        "issue_key",
        "cookiecutter",
    ],
)
def test_what_stands_under_an_ordinary_name_stays(name: str) -> None:
    assert redact({name: "DEV-456"}) == {name: "DEV-456"}
    assert redact({name: 12}) == {name: 12}


def test_what_devos_itself_records_stays() -> None:
    dice = random.Random(3)
    for _ in range(2000):
        digest, key = dice.randbytes(32).hex(), str(uuid.UUID(bytes=dice.randbytes(16)))
        data = {
            "person": "ana@example.com",
            "approved_by": "Ana Müller, ben",
            "effect": "change",
            "target": "production/web-app",
            "rule": "changes-in-production",
            "where": "careful.cedar:21",
            "digest": digest,
            "ruleset": digest,
            "key": key,
            "approval": "k7q2mx",
            "run": f"261120-{dice.randbytes(4).hex()}",
            "expires": "2026-11-20T18:06:19.117Z",
            "audio": digest,
            "ranges": [[1, 4111111111111111]],
        }
        assert redact(data) == data


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays(text: str) -> None:
    assert redact(text) == text
    assert redact({"text": [text]}) == {"text": [text]}


@pytest.mark.parametrize("value", [None, True, 0, 3.5, [], {}, {"a": [1, {"b": None}]}])
def test_what_is_no_text_stays(value: Json) -> None:
    assert redact(value) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("curl -H 'Authorization: Bearer abc' https://x", "curl -H 'Authorization: [redacted]' https://x"),
        ("sent Bearer abcdef123456 along", "sent Bearer [redacted] along"),
        ("Authorization: Splunk x", "Authorization: [redacted]"),
        (f"sent Basic {BASIC} along", "sent Basic [redacted] along"),
        ("Host: x\nSet-Cookie: a=b; Path=/\nAge: 1", "Host: x\nSet-Cookie: [redacted]\nAge: 1"),
        ("https://ana:hunter2@git.example.com/x.git", "https://ana:[redacted]@git.example.com/x.git"),
        ("https://x/y?token=hunter2&page=2", "https://x/y?token=[redacted]&page=2"),
        ("https://x/y?sig=hunter2", "https://x/y?sig=[redacted]"),
        ("page_password=hunter2 page_secret=hunter2", "page_password=[redacted] page_secret=[redacted]"),
        ("https://x/y?pageToken=two&token=hunter2", "https://x/y?pageToken=two&token=[redacted]"),
        (
            f"arn:aws:secretsmanager:x:{'1' * 12}:secret:a secret:b",
            f"arn:aws:secretsmanager:x:{'1' * 12}:secret:a secret:[redacted]",
        ),
        (
            "https://hooks.slack.com/services/" + "T0/B0/abc",
            "https://hooks.slack.com/[redacted]",
        ),
        ("https://acme.webhook.office.com/webhookb2/a@b/c d", "https://acme.webhook.office.com/[redacted] d"),
        ("export DB_PASSWORD=hunter2 PORT=80", "export DB_PASSWORD=[redacted] PORT=80"),
        ('{"password": "two words", "port": 80}', '{"password": "[redacted]", "port": 80}'),
        ("spec:\n  password: hunter2\n  port: 80", "spec:\n  password: [redacted]\n  port: 80"),
        ("login --token hunter2 --quiet", "login --token [redacted] --quiet"),
        ("login --api-key=hunter2", "login --api-key=[redacted]"),
        (PEM.partition("-----END")[0], "[redacted]"),
        (f"{TOKENS[0]} and {TOKENS[4]}", "[redacted] and [redacted]"),
    ],
)
def test_only_the_secret_part_of_a_text_is_taken_out(text: str, expected: str) -> None:
    assert redact(text) == expected
    assert redact(expected) == expected


def test_a_value_with_its_name_beside_it_is_taken_out() -> None:
    environment = [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "PORT", "value": "80"}, {"key": "token"}]
    assert redact(environment) == [{"name": "DB_PASSWORD", "value": "[redacted]"}, *environment[1:]]
    assert redact({"key": "api_key", "value": "hunter2"}) == {"key": "api_key", "value": "[redacted]"}


@pytest.mark.parametrize(
    "named",
    [
        {"imagePullSecrets": [{"name": "registry"}], "secrets": []},
        {"secret": {"secretName": "web-app-tls", "optional": True, "defaultMode": 420}},
        {"secret": {"name": "tls", "namespace": "production"}},
    ],
)
def test_a_secret_s_name_is_no_secret(named: Json) -> None:
    assert redact(named) == named
    assert redact({"secret": [{"name": "tls"}, "hunter2"]}) == {"secret": "[redacted]"}
    assert redact({"secret": {"name": "tls", "key": "hunter2"}}) == {"secret": "[redacted]"}


def test_the_guid_of_an_entity_comes_through_as_it_is() -> None:
    for number in range(10_000, 12_000):
        for account in ("1", "3914207"):
            guid = base64.b64encode(f"{account}|APM|APPLICATION|8{number}".encode()).decode()
            assert redact({"id": "d-1", "entity": guid, "said": f"marked {guid}"})["entity"] == guid
            assert redact(f"guid = '{guid}'") == f"guid = '{guid}'"


def test_of_a_thousand_random_secrets_of_forty_characters_next_to_none_stays() -> None:
    dice = random.Random(11)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    stay = sum(redact(secret) == secret for secret in ("".join(dice.choices(letters, k=40)) for _ in range(5000)))
    assert stay <= 25


def test_what_follows_a_secret_option_is_taken_out() -> None:
    assert redact(["login", "--password", "hunter2", "--name", "ana"]) == [
        *("login", "--password", "[redacted]", "--name", "ana")
    ]
    assert redact(["--token", 5, "password", "ana"]) == ["--token", 5, "password", "ana"]


def test_what_was_given_is_not_changed() -> None:
    given = {"password": "hunter2", "list": ["Bearer abcdef123456"]}
    redact(given)
    assert given == {"password": "hunter2", "list": ["Bearer abcdef123456"]}


@pytest.mark.parametrize(
    "fill",
    [
        *(
            "a",
            "-",
            "\n",
            " ",
            "token",
            "eyJ",
            "eyJ-",
            "-eyJ_",
            "://",
            "//",
            "\\",
            "A1b",
            "basic ",
            "bearer ",
            "password:",
        ),
        *(
            " --token",
            "--a-",
            "sk-aaaa-",
            "token-abcde-",
            "-----BEGIN A",
            "-----BEGIN PRIVATE KEY-----",
            "Cookie",
            "a:",
        ),
        *(
            "mysql ",
            "mysql -p",
            "sshpass ",
            "vault login ",
            "name: a_token\n",
            "pass=",
            "$2b$",
            "a-key:",
            "a-",
            "-u a:",
        ),
        *("<a:password>", "4111 ", "4111", "GB82 ", "GB82A", "123-45-", "ssn ", "login a password ", "abc8Q~", "AKIA"),
        *(
            "password is ",
            "1",
            "1:AA",
            "a.atlasv1.",
            "a@",
            "+1 ",
            "(212) ",
            "a.",
            "Private-Lines: 1\n",
            "0/",
            "password",
        ),
    ],
)
def test_long_texts_take_time_in_proportion(fill: str) -> None:
    # A pattern that tried every place to every end would be at this for minutes.
    hints = (
        "authorization cookie bearer basic password token eyj private key https:// sk- -- mysql -p vault login value:"
        " 8q~ $2 -key: -u identified by private-lines: passwd> nral .atlasv1. :aa -us akia @"
    )
    text = hints + fill * (200_000 // len(fill)) + hints
    assert redactor(KINDS)(text).startswith("authorization")
