"""Turns a text for the eye into one for the ear: `web-app at 85%` is said as "web app at 85 percent"."""

from __future__ import annotations

import re
from collections.abc import Callable

from policies.visible import visible

LONGEST = 220
"""Characters in what is rendered at once: the first word of a long answer must not wait for its last one."""

_ENVIRONMENTS = {"prod": "production", "stg": "staging", "stage": "staging", "preprod": "pre production"}
_UNITS = {
    "%": "percent",
    "ms": "milliseconds",
    "s": "seconds",
    "min": "minutes",
    "h": "hours",
    "KB": "kilobytes",
    "MB": "megabytes",
    "GB": "gigabytes",
    "TB": "terabytes",
    "KiB": "kibibytes",
    "MiB": "mebibytes",
    "GiB": "gibibytes",
}
# fmt: off
_LETTERS = frozenset((
    "api", "aws", "cdk", "cli", "cpu", "csv", "db", "dns", "ec2", "eks", "gpu", "html", "http", "https", "iam",
    "id", "io", "ip", "jql", "json", "kms", "mcp", "pdf", "ram", "rds", "s3", "sdk", "sla", "slo", "sns", "sql",
    "sqs", "ssh", "ssl", "tls", "ui", "uri", "url", "vm", "vpc", "xml", "yaml",
))
# fmt: on
"""Names that are spelled when they are part of a longer one."""
_VOWEL = re.compile(r"[aeiouy]", re.IGNORECASE)


def for_the_ear(text: str) -> str:
    """The text as it should be said: no markup, no addresses, names and numbers in words that can be understood.

    Args:
        text: from anywhere; what cannot be seen is taken out of it first.
    """
    text = visible(text)
    for pattern, spoken in _RULES:
        text = pattern.sub(spoken, text)
    return "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()


def sentences(text: str) -> tuple[str, ...]:
    """The text in pieces that are rendered one by one: sentences, the longest of them cut at a comma or a space."""
    pieces: list[str] = []
    for sentence in _END.sub(r"\1\n", text).split("\n"):
        pieces += _parts(sentence.strip())
    return tuple(each for each in pieces if re.search(r"\w", each))


_END = re.compile(r"(?<=[.!?…])(?<!\bNo\.)(?<!\bvs\.)([\"')\]]*)\s+(?=[\"'(\[]*[A-Z0-9])")


def _parts(sentence: str) -> list[str]:
    parts = []
    while len(sentence) > LONGEST:
        cuts = [each.end() for each in re.finditer(r"[,;:] ", sentence[:LONGEST])] or [sentence.rfind(" ", 1, LONGEST)]
        cut = cuts[-1] if cuts[-1] > 0 else LONGEST
        parts.append(sentence[:cut].strip())
        sentence = sentence[cut:].strip()
    return [*parts, sentence]


def _spelled(letters: str) -> str:
    return " ".join(letters)


def _host(match: re.Match[str]) -> str:
    return f"a page at {_dotted(match['host'])}"


def _dotted(name: str) -> str:
    return re.sub(r"[-_]", " ", name).replace(".", " dot ")


def _mail(match: re.Match[str]) -> str:
    return f"{_dotted(match['who'])} at {_dotted(match['host'])}"


def _file(match: re.Match[str]) -> str:
    return _dotted(match["name"])


def _ticket(match: re.Match[str]) -> str:
    """DEV-456 is "dev 4 5 6", as people say it; CHG-12 has no vowel that would make it a word."""
    key = match["key"]
    word = key.lower() if len(key) > 2 and _VOWEL.search(key) else _spelled(key)
    return f"{word} {_spelled(match['number'])}"


def _record(match: re.Match[str]) -> str:
    """CHG0030001 is "C H G 3 0 0 0 1": the zeros that fill it up tell nothing."""
    return f"{_spelled(match['key'])} {_spelled(match['number'].lstrip('0') or '0')}"


def _version(match: re.Match[str]) -> str:
    return f"version {match['number'].replace('.', ' point ')}"


def _unit(match: re.Match[str]) -> str:
    unit = _UNITS[match["unit"]]
    return f"{match['number']} {unit[:-1] if match['number'] == '1' and unit != 'percent' else unit}"


def _environment(match: re.Match[str]) -> str:
    return _ENVIRONMENTS[match[0].lower()]


def _region(match: re.Match[str]) -> str:
    return f"{_spelled(match['land'])} {match['side']} {match['number']}"


def _name(match: re.Match[str]) -> str:
    """The words of web-app, image_tag and createUser; what stands for itself, such as "db", is spelled."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", match[0])
    return " ".join(
        _spelled(each) if each.lower() in _LETTERS else each for each in re.split(r"[-_.:/\s]+", words) if each
    )


_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"\be\.g\."), "for example"),
    (re.compile(r"\bi\.e\."), "that is"),
    (re.compile(r"\[([^\]\n]+)\]\((?:https?|mailto):[^)\s]+\)"), r"\1"),  # [text](address)
    (re.compile(r"\b(?:https?|wss?)://(?:[^\s/@]+@)?(?P<host>[\w.-]*\w)(?:[:/?#][^\s<>\"')\]]*[\w/])?"), _host),
    (re.compile(r"\b(?P<who>[\w.+-]+)@(?P<host>[\w-]+(?:\.[\w-]+)+)"), _mail),
    (re.compile(r"^\s*(?:[-*•]|#{1,6}|>)\s+", re.MULTILINE), ""),  # lists, headings, quotations
    (re.compile(r"[`*|~]+"), " "),
    (re.compile(r"(?<!\w)_+|_+(?!\w)"), " "),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "a long identifier"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{12,}\b"), "a long identifier"),
    (re.compile(r"(?<![\w.])(?:~|\.{1,2})?/(?:[\w.@+-]+/)+(?P<name>[\w@+-]+(?:\.[\w@+-]+)*)/?"), _file),
    (
        re.compile(
            r"\b(?P<land>[a-z]{2})-(?P<side>north|south|east|west|central|northeast|southeast|northwest|southwest)"
            r"-(?P<number>\d)\b"
        ),
        _region,
    ),
    (re.compile(r"\b(?P<key>[A-Z][A-Z0-9]{1,9})-(?P<number>\d{1,7})\b"), _ticket),
    (re.compile(r"\b(?P<key>CHG|INC|RITM|REQ|PRB|KB|TASK|SCTASK|CTASK)(?P<number>\d{4,})\b"), _record),
    (re.compile(r"\bv(?P<number>\d+(?:\.\d+)+)\b"), _version),
    (re.compile(r"(?P<number>\d+(?:\.\d+)?) ?(?P<unit>%|ms|[KMGT]i?B|min|s|h)(?![\w%])"), _unit),
    (re.compile(r"\$(\d[\d,]*(?:\.\d+)?)"), r"\1 dollars"),
    (re.compile(r"(?<=\d),(?=\d{3}\b)"), ""),
    (re.compile(r"\b(\d+)/(\d+)\b(?!/)"), r"\1 of \2"),
    (re.compile(r"\s*(?:→|=>|->|⇒)\s*"), " to "),
    (re.compile(r"\s*(?:≥|>=)\s*"), " at least "),
    (re.compile(r"\s*(?:≤|<=)\s*"), " at most "),
    (re.compile(r"(?<=\w) ?\u00d7 ?(?=\d)"), " times "),
    (re.compile(r"\s+&\s+"), " and "),
    (re.compile(r"(?<=\s)=(?=\s)|(?<=\w)=(?=\w)"), " is "),
    (re.compile(r"\b(?<!-)(?:prod|stg|stage|preprod)\b(?!-)", re.IGNORECASE), _environment),
    (re.compile(r"\b[a-z]+[a-z0-9]*(?:[A-Z][a-z0-9]+)+\b"), _name),  # createUser
    (re.compile(r"\b[A-Za-z][A-Za-z0-9]*(?:[-_/]+[A-Za-z0-9]+)+\b"), _name),  # web-app, image_tag, team/service
    (re.compile(r"\b([A-Za-z_][\w]*)\.([A-Za-z_]\w*)\b"), r"\1 dot \2"),  # kubernetes.scale, main.py
    (re.compile(r"[<>{}\[\]\\^=#]+"), " "),
    (re.compile(r" +(?=[.,;:!?])"), ""),
)
"""In this order: what is recognised whole (addresses, tickets) goes before what takes words apart."""
