"""Secrets, taken out before anything is written down.

By name: whatever stands under a key such as "password" or "Authorization". By shape: what looks like a token, wherever
it stands. Ticket keys, UUIDs, commit hashes and ordinary words stay; a secret that looks like an ordinary word, under
an ordinary name, cannot be told apart and stays too.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass

from policies.action import Json

REDACTED = "[redacted]"
"""What stands in a secret's place."""

SHORTEST = 8
"""Texts below this length have no room for a secret with a shape."""

_SECRET_NAME = re.compile(
    r"""
    (?: ^ | _ )
    (?: password | passwd | passphrase | passcode | pwd | secrets? | credentials? | cookies? | authorization | token
      | jwt | jsessionid | api_?key | private_?key | (?: secret | signing | encryption | access | account | shared )_key
      | webhook_url | connection_string | signature
    )
    (?: _ (?: value | text | base64 | pem | hash ) | _?\d+ )?
    $
    """,
    re.VERBOSE,
)
"""Found in a name written in snake case; "tokens" is absent because it counts what a model read."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class _Shape:
    """A kind of secret that can be told by how it looks."""

    hints: tuple[str, ...]
    """Lower-case fragments without one of which the pattern cannot match: looked for first, because that is fast."""
    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str] = REDACTED


def _basic(match: re.Match[str]) -> str:
    """Basic credentials are "user:password" in base64; the word "basic" before an ordinary word is none."""
    try:
        secret = b":" in base64.b64decode(match[2] + "==")
    except ValueError:
        secret = False
    return f"{match[1]}{REDACTED}" if secret else match[0]


def _mixed(match: re.Match[str]) -> str:
    """An AWS secret key is 40 random characters: capitals all over it, which a hash, a name or a path has not."""
    text = match[0]
    capitals, small, digits = (sum(map(kind, text)) for kind in (str.isupper, str.islower, str.isdigit))
    return REDACTED if min(capitals, small) >= 7 and digits else text


_PREFIXES = {
    "AWS access key": r"(?:AKIA|ASIA)[A-Z2-7]{16}\b",
    "Slack": r"(?:xox[abeoprs]|xapp)-[\w-]{10,}",
    "GitHub": r"(?:gh[pousr]_\w{20,}|github_pat_\w{20,})",
    "GitLab": r"glpat-[\w-]{20,}",
    "Atlassian": r"AT(?:ATT|CTT|BB)[\w=-]{20,}",
    "New Relic": r"(?:NR(?:AK|II|IQ|RA)-[\w-]{20,}|[0-9a-f]{36}NRAL\b)",
    "Figma": r"fig[du]_[\w-]{20,}",
    "Rancher": r"(?<!-)(?:token|kubeconfig)-[\w-]{5,}:[a-z0-9]{40,}",
    "Google": r"(?:AIza[\w-]{35}|ya29\.[\w-]{20,})",
    "model provider": r"(?:(?<!-)sk-(?=[\w-]*\d)[\w-]{20,}|hf_\w{20,})",
    "Vault": r"hv[sb]\.[\w-]{20,}",
    "package registry": r"(?:npm_\w{30,}|pypi-[\w-]{30,})",
    "JSON web token": r"(?<!-)eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*",
}
"""Tokens that begin with their maker's mark. What must look ahead begins no second time in the same word, so that the
time it takes grows with the text and no faster."""

_MARKS = (
    "akia asia xox xapp- ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- atatt atctt atbb nrak- nrii- nriq- nrra- nral"
    " figd_ figu_ token- kubeconfig- aiza ya29. sk- hf_ hvs. hvb. npm_ pypi- eyj"
)

_SHAPES = (
    _Shape(
        ("private key",),
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*-----|\Z)", re.DOTALL),
    ),
    _Shape(tuple(_MARKS.split()), re.compile(rf"(?<![A-Za-z0-9_])(?:{'|'.join(_PREFIXES.values())})")),
    _Shape(("authorization",), re.compile(r"(?i)(\bauthorization['\"]?\s*:\s*['\"]?)[^'\"\r\n]+"), rf"\1{REDACTED}"),
    _Shape(("cookie",), re.compile(r"(?im)(^[ \t]*(?:set-)?cookie:[ \t]*).+"), rf"\1{REDACTED}"),
    _Shape(
        ("bearer", "splunk"),
        re.compile(r"(?i)(\b(?:bearer|splunk)\s+)(?=[\w.~+/-]*[\d.~+/=])[\w.~+/-]{8,}=*"),
        rf"\1{REDACTED}",
    ),
    _Shape(("basic",), re.compile(r"(?i)(\bbasic\s+)([A-Za-z0-9+/]{6,})={0,2}"), _basic),
    _Shape(("://",), re.compile(r"(?<=://)([^/\s:@]*:)[^/\s@]+(?=@)"), rf"\1{REDACTED}"),
    _Shape(
        ("hooks.slack.com", "webhook.office.com"),
        re.compile(r"(?<=//)([\w.-]*(?:hooks\.slack\.com|webhook\.office\.com)/)[^\s\"'<>]+"),
        rf"\1{REDACTED}",
    ),
    _Shape(
        ("passw", "pwd", "passphrase", "secret", "token", "key", "sig", "credential"),
        re.compile(
            r"""(?ix)
            ( (?: password | passwd | pwd | passphrase | secret | token | (?:api|access|private|account)[_-]?key
                | secret[_-]?key | credentials? | (?<=[?&])sig | signature )
              ['"]? (?: \s*=(?!=)\s*['"]? | \s*:\s*['"] | :(?=[^\s'"/]) ) )
            (?: (?<=['"]) [^'"\r\n]+ | [^\s"'&;,]+ )
            """
        ),
        rf"\1{REDACTED}",
    ),
    _Shape(
        ("passw", "pwd", "passphrase", "secret", "token", "key"),
        re.compile(
            r"(?im)^([ \t]*(?:-[ \t]+)?[\w.-]*"
            r"(?:password|passwd|pwd|passphrase|secret|token|(?:api|access|private)[_-]?key):[ \t]+)\S+[ \t]*$"
        ),
        rf"\1{REDACTED}",
    ),
    _Shape(
        ("--",),
        re.compile(r"(?i)(?<!\S)(--?(?:[a-z]+-)*(?:password|passphrase|token|secret|api-?key)\s+)(?!-)\S+"),
        rf"\1{REDACTED}",
    ),
)

_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=_-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_-])")


def redact(value: Json) -> Json:
    """The value with every secret in it replaced by "[redacted]"; everything else is as it was."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return _object(value)
    if isinstance(value, list):
        return [
            REDACTED if isinstance(each, str) and _is_flag(before) else redact(each)
            for before, each in zip([None, *value], value, strict=False)
        ]
    return value


def _object(value: dict[str, Json]) -> dict[str, Json]:
    """An object: by the names of its members, and by the name in it where it is itself a name with a value."""
    named = value.get("name", value.get("key"))
    secret = isinstance(named, str) and "value" in value and _is_secret(named)
    return {
        name: _hidden(each) if _is_secret(name) or (secret and name == "value") else redact(each)
        for name, each in value.items()
    }


def _hidden(value: Json) -> Json:
    """What is written of a secret: that there is one. None, a truth value and an empty text give nothing away."""
    return value if value is None or value == "" or isinstance(value, bool) else REDACTED


def _is_flag(argument: Json) -> bool:
    """Whether a command line's argument announces a secret: "--password"."""
    return isinstance(argument, str) and argument.startswith("-") and _is_secret(argument)


def _is_secret(name: str) -> bool:
    """Whether what stands under this name is a secret."""
    return _SECRET_NAME.search(_SEPARATORS.sub("_", _HUMP.sub("_", name).lower())) is not None


def _text(text: str) -> str:
    """A text with the secrets in it replaced."""
    if len(text) < SHORTEST:
        return text
    lower = text.lower()
    for shape in _SHAPES:
        if any(hint in lower for hint in shape.hints):
            text = shape.pattern.sub(shape.replacement, text)
    return _AWS_SECRET.sub(_mixed, text) if len(text) >= 40 else text
