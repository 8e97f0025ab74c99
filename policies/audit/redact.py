"""Secrets and account numbers, taken out before anything is written down.

By name: whatever stands under a key such as "password" or "Authorization". By shape: what looks like a token or a
card's number, wherever it stands. Ticket keys, UUIDs, commit hashes and ordinary words stay; a secret that looks like
an ordinary word, under an ordinary name, cannot be told apart and stays too. People's names and addresses stay, unless
it is asked for: who did what is what the log is for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import lru_cache, partial

from policies.action import Json
from policies.audit.personal import KINDS, without_addresses, without_numbers
from policies.audit.shapes import without_secrets
from policies.audit.tokens import REDACTED

SHORTEST = 8
"""Texts below this length have no room for a secret with a shape."""

_SECRET_NAME = re.compile(
    r"""
    (?: ^ | _ )
    (?: password | passwd | passphrase | passcode | pwd | (?<=_)pass | secrets? | credentials? | cookies?
      | authorization | jwt | jsessionid | api_?key | private_?key
      | (?<! page_ ) (?<! skip_ ) (?<! client_request_ ) (?<! idempotency_ ) token
      | (?: secret | signing | encryption | access | account | shared )_key
      | webhook_url | connection_string | signature | ssn | cvv | cvc | card_?number
    )
    (?: _ (?: value | text | base64 | pem | hash ) | _?\d+ )?
    $
    """,
    re.VERBOSE,
)
"""Found in a name written in snake case; "tokens" is absent because it counts what a model read, and tokens that mark
a page or a repeated request open nothing."""

_REFERENCE = frozenset({"name", "namespace", "secretName", "optional", "defaultMode"})
"""What an object consists of that only says which secret is meant, as Kubernetes writes it."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[^a-z0-9]+")

_PLAIN = re.compile(
    r"[a-z./-]*"  # words and paths in lower case: tokens have digits or capitals
    r"|[A-Za-z0-9_./-]{0,10}"  # too short for a token and for a number with a check digit
    r"|(?:sha256:)?(?:[0-9a-f]{40}|[0-9a-f]{64})"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\d{6}-[0-9a-f]{8}"  # a run
    r"|\d{4}-\d\d-\d\dT[\d:.]{8,15}(?:Z|[+-]\d\d:\d\d)"
)
"""Texts that are looked at no further, because most are of these kinds: it spares nine tenths of the work."""


def redact(value: Json) -> Json:
    """The value with every secret in it replaced by "[redacted]"; everything else is as it was."""
    return _redact(value, _text)


def redactor(personal: Collection[str]) -> Callable[[Json], Json]:
    """A `redact` that takes out addresses as well.

    Args:
        personal: any of `KINDS`.

    Raises:
        ValueError: there is no such kind.
    """
    if unknown := set(personal) - set(KINDS):
        raise ValueError(f"there is no kind {min(unknown)!r} of personal data; there are {', '.join(KINDS)}")
    if not personal:
        return redact

    def text_without(text: str) -> str:
        return without_addresses(_text(text), personal)

    return partial(_redact, of_text=text_without)


def _redact(value: Json, of_text: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return of_text(value)
    if isinstance(value, dict):
        return _object(value, of_text)
    if isinstance(value, list):
        return [
            REDACTED if isinstance(each, str) and _is_flag(before) else _redact(each, of_text)
            for before, each in zip([None, *value], value, strict=False)
        ]
    return value


def _object(value: dict[str, Json], of_text: Callable[[str], str]) -> dict[str, Json]:
    """An object: by the names of its members, and by the name in it where it is itself a name with a value."""
    named = value.get("name", value.get("key")) if "value" in value else None
    secret = isinstance(named, str) and _is_secret(named)
    return {
        name: _hidden(each) if _is_secret(name) or (secret and name == "value") else _redact(each, of_text)
        for name, each in value.items()
    }


def _hidden(value: Json) -> Json:
    """What is written of a secret: that there is one. Nothing, a truth value and a secret's name give nothing away."""
    if value is None or value == "" or isinstance(value, bool):
        return value
    named = value if isinstance(value, list) else [value]
    return value if all(isinstance(each, dict) and _REFERENCE.issuperset(each) for each in named) else REDACTED


def _is_flag(argument: Json) -> bool:
    """Whether a command line's argument announces a secret: "--password"."""
    return isinstance(argument, str) and argument.startswith("-") and _is_secret.__wrapped__(argument)


@lru_cache(maxsize=4096)
def _is_secret(name: str) -> bool:
    """Whether what stands under this name is a secret."""
    return _SECRET_NAME.search(_SEPARATORS.sub("_", _HUMP.sub("_", name).lower())) is not None


def _text(text: str) -> str:
    """A text with the secrets in it replaced."""
    if len(text) < SHORTEST or _PLAIN.fullmatch(text):
        return text
    return without_numbers(without_secrets(text))
