"""By what an entry is found: the people, the system, the rule and the words in it; and how a search is put."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policies.action import Json
from policies.audit.event import Stored

PERSONS = ("person", "by", "approved_by")
"""Where an entry's data names somebody: who asked, who did or answered something, who agreed."""

LONGEST = 1000
"""Characters of a search that are read."""

MOST_WORDS = 60
"""Words of a search that are looked for: FTS5 refuses an expression of more than 256."""

_WORD = re.compile(r'"([^"]*)"|([^\s"]+)')


@dataclass(frozen=True)
class Terms:
    """What the index keeps of one entry."""

    facets: tuple[tuple[str, str], ...]
    """Kind and value: run, person, system, rule, type. A kind may be there more than once."""
    said: str
    """The words of the entry itself."""
    apart: str
    """The words of what is stored apart, which may have to be forgotten one day."""


def terms_of(entry: Stored, asker: str | None) -> Terms:
    """What one entry is found by.

    Args:
        entry: as it stands in the log.
        asker: the person whose run it belongs to.
    """
    facets = [("type", entry.type), *(("person", name) for name in persons(entry, asker))]
    if entry.run is not None:
        facets.append(("run", entry.run))
    if entry.action is not None:
        facets.append(("system", entry.action.partition(".")[0]))
    if isinstance(rule := entry.data.get("rule"), str) and rule:
        facets.append(("rule", rule))
    said = " ".join([entry.run or "", entry.action or "", *_words(entry.data)])
    return Terms(tuple(facets), said, " ".join(_words(entry.payload)))


def persons(entry: Stored, asker: str | None) -> list[str]:
    """Everybody whom an entry is about, each once."""
    named = [asker] if asker else []
    for name in PERSONS:
        value = entry.data.get(name)
        # Several who agreed stand in one text, as a run shows them.
        several = value.split(", ") if name == "approved_by" and isinstance(value, str) else [value]
        named += [each for each in several if isinstance(each, str) and each]
    return list(dict.fromkeys(named))


def token(kind: str, value: str) -> str:
    """A facet as one word of the index, which no tokenizer takes apart."""
    return f"{kind}{value.encode('utf-8', 'replace').hex()}"


def query(text: str | None, facets: Mapping[str, str | None]) -> str | None:
    """The FTS5 expression for what somebody typed and chose; None where that is nothing.

    All words must be there; of one that ends in * the beginning; what stands in quotation marks must be there in that
    order. Nothing else that is typed is an operator, so nothing that is typed is an error.
    """
    parts = [f"facets : {token(kind, value)}" for kind, value in facets.items() if value is not None]
    if text is not None and text.strip():
        parts.append(f"{{said apart}} : ({_phrases(text)})")
    return " AND ".join(parts) or None


def _phrases(text: str) -> str:
    """What was typed as FTS5 strings; one that matches nothing where no letter or digit is in it."""
    clean = text[:LONGEST].replace("\0", " ").encode("utf-8", "ignore").decode()
    found = [(quoted or word.rstrip("*"), word.endswith("*")) for quoted, word in _WORD.findall(clean)]
    sought = [(each, prefix) for each, prefix in found if any(map(str.isalnum, each))][:MOST_WORDS]
    return " ".join(f'"{each}"{"*" if prefix else ""}' for each, prefix in sought) or '"\ue000"'


def _words(value: Json) -> Iterator[str]:
    """Every text and number in a value; names of members are no words of anybody's."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _words(each)
    elif isinstance(value, list):
        for each in value:
            yield from _words(each)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
