"""Secrets that can be told by the words around them, in texts of any kind.

Every pattern takes time in proportion to the text: what may repeat is bounded or begins nowhere twice.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass

from policies.audit.tokens import REDACTED, without_tokens


@dataclass(frozen=True)
class _Shape:
    """A kind of secret that can be told by what stands before it."""

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


_NAMED = r"""password | passwd | pwd | passphrase | (?<!\d{12}:)secret | (?<!skip)(?<!page)(?<!page[_-])token
    | (?:api|access|private|account|shared)[_-]?key"""
"""What a value is called that is a secret, in texts; in shared access keys the words stand together. In an ARN the word
"secret" after the account is followed by a name, and the token of a page says where a list goes on."""

_SHAPES = (
    _Shape(
        ("private key",),
        re.compile(
            r"----[- ]BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?[ -]----.*?(?:----[- ]END [A-Z0-9 ]*[- ]----|\Z)", re.S
        ),
    ),
    _Shape(
        ("private-lines:",),
        re.compile(r"(Private-Lines: *\d+\r?\n)(?:[A-Za-z0-9+/=]+(?:\r?\n|\Z))+"),
        rf"\1{REDACTED}\n",
    ),
    _Shape(("8q~",), re.compile(r"(?<![\w~.-])[\w~.-]{3}8Q~[\w~.-]{31,}")),  # Entra's client secrets
    _Shape(
        ("$2", "$5$", "$6$", "$y$", "$apr1$", "$argon2"),  # hashes of passwords
        re.compile(r"\$(?:2[abxy]|5|6|y|apr1|argon2(?:id|i|d))\$[\w./$+=,-]{20,}"),
    ),
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
        ("passw", "pwd", "pass=", "passphrase", "secret", "token", "key", "sig", "credential"),
        re.compile(
            rf"""(?ix)
            ( (?: {_NAMED} | (?<=[_?&])pass(?=\s*=) | secret[_-]?key | credentials? | (?<=[?&])sig | signature )
              (?: \\? ['"] )? (?: \s*=(?!=)\s*['"]? | \s*:\s*\\?['"] | :(?=[^\s'"\\/]) ) )
            (?: (?<=['"]) [^'"\\\r\n]+ | [^\s"'&;,]+ )
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
        ("passw", "pwd", "passphrase", "passcode"),
        re.compile(
            r"(?i)(\b(?:password|passwd|pwd|passphrase|passcode)(?:\s+(?:is|was)|\s*:)\s+)"
            r"(?=[^\s\d!#$%^&*]{0,60}[\d!#$%^&*])(?=[^\sA-Za-z]{0,60}[A-Za-z])(?!base64)[^\s,;]{6,}"
        ),
        rf"\1{REDACTED}",
    ),
    _Shape(("passw",), re.compile(r"(?i)(\blogin\s+\S{1,200}\s+password\s+)\S+"), rf"\1{REDACTED}"),
    _Shape(("vault login",), re.compile(r"(\bvault login\s+)(?!-)\S+"), rf"\1{REDACTED}"),
    _Shape(("identified by",), re.compile(r"(?i)(\bidentified by\s+['\"])[^'\"]+"), rf"\1{REDACTED}"),
    _Shape(
        ("password>", "passwd>", "secret>", "token>", "key>"),
        re.compile(r"(?i)(<(?:\w{1,60}:)?(?:password|passwd|secret|token|api-?key)>)[^<]+"),
        rf"\1{REDACTED}",
    ),
    _Shape(
        ("-key:", "-token:", "-secret:"),
        re.compile(r"(?i)((?<![\w-])(?:\w{1,40}-){1,6}(?:key|token|secret):[ \t]*)(?=[^\s'\"]{0,200}\d)[^\s'\"]{8,}"),
        rf"\1{REDACTED}",
    ),
    _Shape(
        ("--",),
        re.compile(r"(?i)(?<!\S)(--?(?:[a-z]+-)*(?:password|passphrase|token|secret|api-?key)\s+)(?!-)\S+"),
        rf"\1{REDACTED}",
    ),
    _Shape(
        ("-u", "--user"),
        re.compile(r"(?<!\S)((?:-u|--user)(?:[ \t]+|=)['\"]?)(?!\d+:\d+(?!\S))([^\s:'\"/]{1,200}:)[^\s'\"]+"),
        rf"\1\2{REDACTED}",
    ),
    _Shape(
        (" -p",),
        re.compile(
            r"(\bmysql(?:dump|admin)?\b[^\n]{0,200}?\s-p(?=\S)|\b(?:sshpass|login)\b[^\n]{0,200}?\s-p[ \t]+)(?![-])\S+"
        ),
        rf"\1{REDACTED}",
    ),
    _Shape(
        ("value:",),
        re.compile(
            r"(?im)(^[ \t]*-?[ \t]*name:[ \t]*['\"]?\w*(?:password|passwd|secret|token|api_?key)['\"]?[ \t]*\r?\n"
            r"[ \t]*value:[ \t]*)\S.*"
        ),
        rf"\1{REDACTED}",
    ),
)

_HINTS = tuple(dict.fromkeys(hint for shape in _SHAPES for hint in shape.hints))


def without_secrets(text: str) -> str:
    """A text with the secrets in it replaced."""
    lower = text.lower()
    text = without_tokens(text, lower)
    if present := {hint for hint in _HINTS if hint in lower}:
        for shape in _SHAPES:
            if not present.isdisjoint(shape.hints):
                text = shape.pattern.sub(shape.replacement, text)
    return text
