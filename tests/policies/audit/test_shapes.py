"""Secrets that are told by the words around them: those words stay, the secret goes."""

import pytest

from policies.audit.shapes import without_secrets


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("curl -u ana:hunter2 https://x", "curl -u ana:[redacted] https://x"),
        ("docker run -u 1000:1000 app", "docker run -u 1000:1000 app"),
        ("mysql -h db -phunter2 shop", "mysql -h db -p[redacted] shop"),
        ("mkdir -p build/login -p", "mkdir -p build/login -p"),
        ("sshpass -p hunter2 ssh x", "sshpass -p [redacted] ssh x"),
        ("the password is hunter2, she said", "the password is [redacted], she said"),
        ("the password is secret, she said", "the password is secret, she said"),
        ("machine x login ana password hunter2", "machine x login ana password [redacted]"),
        ("identified by 'hunter2' with x", "identified by '[redacted]' with x"),
        ("<password>hunter2</password>", "<password>[redacted]</password>"),
        ("-H 'X-Api-Key: abc123def456'", "-H 'X-Api-Key: [redacted]'"),
        (
            "- name: DB_PASSWORD\n  value: hunter2\n- name: PORT",
            "- name: DB_PASSWORD\n  value: [redacted]\n- name: PORT",
        ),
        ("- name: PORT\n  value: 80", "- name: PORT\n  value: 80"),
        (r"{\"password\": \"hunter2\"}", r"{\"password\": \"[redacted]\"}"),
        ("sent Basic YW5hOmh1bnRlcjI= along", "sent Basic [redacted] along"),
        ("Basic understanding, basic training", "Basic understanding, basic training"),
        ("vault login hvx", "vault login [redacted]"),
        ("vault login -method=oidc", "vault login -method=oidc"),
        ("smtp_pass=hunter2 bypass=true", "smtp_pass=[redacted] bypass=true"),
        ("Private-Lines: 1\nAAAA\nPrivate-MAC: 0", "Private-Lines: 1\n[redacted]\nPrivate-MAC: 0"),
    ],
)
def test_only_the_secret_goes(text: str, left: str) -> None:
    assert without_secrets(text) == left
    assert without_secrets(left) == left
