"""How much is found and how much is left alone, on a corpus; docs/audit.md publishes it, misses included."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.audit.personal import KINDS
from policies.audit.redact import redact, redactor

FOLDER = Path(__file__).parent / "redaction"
PAGE = Path(__file__).parents[3] / "docs" / "audit.md"
BEGIN, END = "<!-- measured by tests/policies/audit/test_redact_corpus.py -->", "<!-- end of what was measured -->"
CHARACTERS = [chr(code) for code in range(33, 127)]


@dataclass
class Class:
    """One kind of sample and how it went."""

    name: str
    samples: int = 0
    right: int = 0
    wrong: list[str] = field(default_factory=list)
    """The templates that went wrong at least once."""


def luhn(digits: str) -> int:
    """The digit that makes this a card's number."""
    return next(d for d in range(10) if _remainder(f"{digits}{d}") == 0)


def _remainder(digits: str) -> int:
    doubled = [int(d) * 2 if n % 2 else int(d) for n, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10


def iban(country: str, account: str, off: int = 0) -> str:
    number = "".join(str(int(each, 36)) for each in f"{account}{country}00")
    return f"{country}{98 - (int(number) % 97 + off) % 97:02}{account}"


def spaced(text: str, group: str, separator: str) -> str:
    return separator.join(re.findall(f".{{1,{int(group)}}}", text)) if group else text


def filled(template: str, dice: random.Random) -> str:
    """A template with its random parts."""

    def fill(match: re.Match[str]) -> str:
        kind, *rest = match[1].split(":")
        group = rest[2] if len(rest) == 3 else ""
        if kind in ("card", "notcard"):
            digits = rest[0] + "".join(dice.choices("0123456789", k=int(rest[1]) - len(rest[0]) - 1))
            last = (luhn(digits) + (kind == "notcard") * dice.randint(1, 9)) % 10
            return spaced(f"{digits}{last}", group.rstrip("-"), "-" if group.endswith("-") else " ")
        if kind in ("iban", "notiban"):
            account = "".join(dice.choices("0123456789", k=int(rest[1])))
            return spaced(iban(rest[0], account, dice.randint(1, 90) * (kind == "notiban")), group, " ")
        letters, _, count = match[1].rpartition(":")
        if kind == "base64":  # of a text that ends with so many random digits
            text = letters.partition(":")[2] + "".join(dice.choices("123456789", k=int(count)))
            return base64.b64encode(text.encode()).decode().rstrip("=")
        allowed = re.compile(f"[{letters}]")
        return "".join(dice.choices([each for each in CHARACTERS if allowed.match(each)], k=int(count)))

    return re.sub(r"<([^<>]+:\d+-?)>", fill, template)


def corpus(name: str) -> Iterator[tuple[str, str, str | None]]:
    """Class, template, and sentence with the secret still in its brackets; and the kind of personal data."""
    classes: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    for kind, given in classes.items():
        for template in given["texts"]:
            for n in range(given["times"]):
                yield kind, template, filled(template, random.Random(f"{kind}{template}{n}"))


def leaked(sentence: str, redact_: Callable[[Any], Any]) -> bool:
    """Whether any five characters in a row of a secret, or all of a shorter one, are still there."""
    secret = re.search("⟦(.*)⟧", sentence, re.DOTALL)
    assert secret is not None, sentence
    left = redact_({"text": sentence.replace("⟦", "").replace("⟧", "")})["text"]
    around = sentence[: secret.start()] + sentence[secret.end() :]
    pieces = {secret[1][n : n + 5] for n in range(max(1, len(secret[1]) - 4))}
    return any(piece in left and piece not in around for piece in pieces)


def measured() -> tuple[list[Class], list[Class]]:
    found: dict[str, Class] = {}
    kinds = {
        name: given.get("personal") for name, given in yaml.safe_load((FOLDER / "positives.yaml").read_text()).items()
    }
    for name, template, sentence in corpus("positives.yaml"):
        one = found.setdefault(name, Class(name))
        one.samples += 1
        if leaked(sentence, redactor([kinds[name]]) if kinds[name] else redact):
            one.wrong.append(template)
        else:
            one.right += 1
    kept: dict[str, Class] = {}
    for name, template, sentence in corpus("negatives.yaml"):
        one = kept.setdefault(name, Class(name))
        one.samples += 1
        if redact([sentence, {"text": sentence}]) == [sentence, {"text": sentence}]:
            one.right += 1
        else:
            one.wrong.append(template)
    return list(found.values()), list(kept.values())


def table(found: list[Class], kept: list[Class]) -> str:
    """What stands in the page."""
    right, altered = sum(each.right for each in found), sum(each.samples - each.right for each in kept)
    lines = ["| what has to go | samples | found |", "|---|---|---|"]
    lines += [f"| {each.name} | {each.samples} | {each.right / each.samples:.0%} |" for each in _with_total(found)]
    lines += ["", "| what has to stay | samples | kept |", "|---|---|---|"]
    lines += [f"| {each.name} | {each.samples} | {each.right / each.samples:.0%} |" for each in _with_total(kept)]
    lines += ["", f"Precision: {right / (right + altered):.1%} of what was replaced had to be."]
    lines += ["", "Missed, at least in some samples (random parts as `<letters:how many>`):", ""]
    lines += [f"- `{_shown(each)}`" for one in found for each in dict.fromkeys(one.wrong)]
    lines += ["", "Replaced although it should stay:", ""]
    lines += [f"- `{_shown(each)}`" for one in kept for each in dict.fromkeys(one.wrong)] or ["- nothing"]
    return "\n".join(lines)


def _with_total(classes: list[Class]) -> list[Class]:
    total = Class("**all**", sum(each.samples for each in classes), sum(each.right for each in classes))
    return [*classes, total]


def _shown(template: str) -> str:
    return template.replace("⟦", "").replace("⟧", "").replace("\n", "⏎").replace("`", "'")


def test_the_page_says_what_is_found_and_what_is_missed() -> None:
    page = PAGE.read_text("utf-8")
    published = page.partition(BEGIN)[2].partition(END)[0].strip()
    assert published == table(*measured()), "put the right-hand side between the two marks in docs/audit.md"


def test_the_corpus_is_large_enough_and_its_numbers_are_what_they_say() -> None:
    found, kept = measured()
    assert sum(each.samples for each in found) >= 300 and sum(each.samples for each in kept) >= 300
    assert luhn("411111111111111") == 1 and iban("GB", "WEST12345698765432") == "GB82WEST12345698765432"


def test_what_is_promised() -> None:
    found, kept = measured()
    recall = {each.name: each.right / each.samples for each in found}
    for certain in ("JSON web tokens", "payment cards", "bank accounts (IBAN)", "connection strings"):
        assert recall[certain] == 1, certain
    assert sum(each.right for each in kept) / sum(each.samples for each in kept) > 0.99


def test_addresses_stay_unless_it_is_asked_for() -> None:
    text = "Ana <ana@example.com>, +49 171 1234567, agreed"
    assert redact(text) == text
    assert redactor(["email"])([text]) == ["Ana <[redacted]>, +49 171 1234567, agreed"]
    assert redactor(KINDS)({"by": text}) == {"by": "Ana <[redacted]>, [redacted], agreed"}
    assert redactor([]) is redact
    with pytest.raises(ValueError, match="there is no kind 'name' of personal data; there are email, phone"):
        redactor(["email", "name"])


def test_asking_for_addresses_costs_no_other_text() -> None:
    every = redactor(KINDS)
    for _, _, sentence in corpus("negatives.yaml"):
        if "@" not in sentence and "call +49" not in sentence:
            assert every(sentence) == redact(sentence)
