"""The names that exist, and how people say them.

Every slot that names something is checked against the catalogue. What comes close is offered, never taken: "there is no
deployment 'web-ap' in production; did you mean web-app?".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice, product
from typing import NamedTuple

from metaphone import doublemetaphone
from rapidfuzz import fuzz, process

ASK_FROM = 55.0
"""A name at least this near, out of 100, is worth asking about; mishearings of the right name lie above."""
LOOK, SOUND = 0.6, 0.4
"""What spelling and sound count: measured on misheard commands, where the right name came first each time."""
SPREAD = 10.0
"""How much less near a second name may be to be offered beside the nearest."""
MOST_LISTED = 3
"""Names that are listed, the least unlike first, when none of them comes near."""
MOST_FORMS = 48
"""Spoken forms of one name; a name of many words with many synonyms would have hundreds."""

_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "admin": ("administration",),
    "api": ("a p i",),
    "app": ("application",),
    "auth": ("authentication", "authorization"),
    "authn": ("authentication",),
    "authz": ("authorization",),
    "config": ("configuration",),
    "db": ("database", "d b"),
    "development": ("dev",),
    "nginx": ("engine x",),
    "notif": ("notification", "notifications"),
    "notification": ("notifications",),
    "payment": ("payments",),
    "production": ("prod", "live"),
    "staging": ("stage", "stg"),
    "svc": ("service",),
}
_BETWEEN = re.compile(r"[\W_]+")
_OPTIONAL_ENDINGS = ("service", "svc", "deployment")


class NoSuchName(LookupError):
    """Something was named that does not exist there."""

    def __init__(
        self,
        kind: str,
        name: str,
        place: str | None,
        nearest: list[str],
        elsewhere: list[str],
        listed: list[str],
        count: int = 0,
    ) -> None:
        super().__init__(kind, name, place, nearest, elsewhere, listed, count)
        self.kind, self.name, self.place = kind, name, place
        self.nearest, self.elsewhere = nearest, elsewhere
        self.listed, self.count = listed, count

    @property
    def instead(self) -> list[str]:
        """The names that may be said instead, best first; none where it is the place that is wrong."""
        return [] if self.elsewhere else self.nearest or self.listed

    def __str__(self) -> str:
        where = f" in {self.place}" if self.place else ""
        text = f"there is no {self.kind} {self.name!r}{where}"
        if self.elsewhere:
            return f"{text}; it exists in {' and '.join(self.elsewhere)}."
        if self.nearest:
            return f"{text}; did you mean {' or '.join(self.nearest)}?"
        if self.count > len(self.listed):
            return f"{text}; of the {self.count} there are, the nearest are {_enumerated(self.listed)}."
        return f"{text}; there is only {_enumerated(self.listed)}." if self.listed else f"{text}."


def _enumerated(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


class _Shape(NamedTuple):
    """How a form of a name looks and sounds."""

    look: str
    """Letters and digits alone."""
    sound: str
    """Double metaphone."""
    name: str


@dataclass(frozen=True)
class Catalogue:
    """The names that exist, by kind; equal catalogues understand the same."""

    names: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Kind → place → names. Kinds whose names are the same everywhere have the one place ""."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Kinds of which nobody can say now what exists → why, in a sentence; their names are the last known ones."""

    @classmethod
    def of(cls, **kinds: Mapping[str, Iterable[str]] | Iterable[str]) -> Catalogue:
        """Make a catalogue of lists, or of lists by place.

        Catalogue.of(deployment={"production": ["web-app"]}, environment=["production", "staging"])
        """
        return cls(
            {
                kind: {place: tuple(each) for place, each in named.items()}
                if isinstance(named, Mapping)
                else {"": tuple(named)}
                for kind, named in kinds.items()
            }
        )

    def all(self, kind: str) -> tuple[str, ...]:
        """Every name of a kind, each once, in the order they were given."""
        return tuple(dict.fromkeys(name for names in self.names.get(kind, {}).values() for name in names))

    def within(self, kind: str, place: str | None) -> tuple[str, ...]:
        """The names of a kind in one place; without a place, and for kinds that have no places, all of them."""
        places = self.names.get(kind, {})
        return self.all(kind) if place is None or set(places) <= {""} else places.get(place, ())

    def check(self, kind: str, name: str, place: str | None = None) -> str:
        """The name, when it exists there.

        Raises:
            NoSuchName: it does not; the error says where it does, or what comes near.
        """
        if name in self.within(kind, place):
            return name
        places = self.names.get(kind, {})
        elsewhere = [other for other, names in places.items() if other and name in names]
        nearest = [] if elsewhere else self.nearest(kind, name, place)
        there = list(self.within(kind, place))
        least = {"least": 0.0, "spread": 100.0}
        listed = self.nearest(kind, name, place, MOST_LISTED, **least) if len(there) > MOST_LISTED else there
        raise NoSuchName(kind, name, place, nearest, elsewhere, listed, len(there))

    def nearest(
        self,
        kind: str,
        text: str,
        place: str | None = None,
        most: int = 2,
        *,
        least: float = ASK_FROM,
        spread: float = SPREAD,
    ) -> list[str]:
        """The names that a text looks (60 %) and sounds (40 %) like, best first; those too far off are left out."""
        there = set(self.within(kind, place))
        forms = [each for each in self._shapes.get(kind, ()) if each.name in there]
        said = _shape(text)
        likeness: dict[str, float] = {}
        for _, look, at in process.extract(
            said.look,
            [each.look for each in forms],
            scorer=fuzz.ratio,
            score_cutoff=max(0.0, (least - 100 * SOUND) / LOOK),
            limit=None,
        ):
            score = LOOK * look + SOUND * fuzz.ratio(said.sound, forms[at].sound)
            likeness[forms[at].name] = max(score, likeness.get(forms[at].name, 0.0))
        best = max(likeness.values(), default=0.0)
        near = [name for name, score in likeness.items() if score >= max(least, best - spread)]
        return sorted(near, key=lambda name: -likeness[name])[:most]

    def forms(self, kind: str) -> Mapping[str, tuple[str, ...]]:
        """Spoken form → the names it may stand for; more than one where people would have to ask.

        A form that is some name's own spelling stands for that name only: with `user-auth` and `user-auth-service` both
        there, "user auth" is the first.
        """
        return self._forms.get(kind, {})

    @cached_property
    def _forms(self) -> dict[str, dict[str, tuple[str, ...]]]:
        return {kind: _forms_of(self.all(kind)) for kind in self.names}

    @cached_property
    def _shapes(self) -> dict[str, list[_Shape]]:
        return {
            kind: list(dict.fromkeys(_shape(form, name) for name in self.all(kind) for form in spoken(name)))
            for kind in self.names
        }

    @cached_property
    def _squashed(self) -> dict[str, dict[str, tuple[str, ...]]]:
        found: dict[str, dict[str, tuple[str, ...]]] = {}
        for kind, forms in self._forms.items():
            by_squashed = found.setdefault(kind, {})
            for form, names in forms.items():
                by_squashed[squashed(form)] = tuple(dict.fromkeys(by_squashed.get(squashed(form), ()) + names))
        return found

    def read(self, kind: str, text: str) -> tuple[str, ...]:
        """The names a text is, apart from spaces, hyphens and case: "check out" is checkout."""
        return self._squashed.get(kind, {}).get(squashed(text), ())


def spoken(name: str) -> list[str]:
    """The ways people say a name, the plainest first: "web-app" → "web app", "web-app", "webapp"."""
    return list(dict.fromkeys(_own_forms(name) + _further_forms(name)))


def _shape(text: str, name: str = "") -> _Shape:
    """Look and sound of some words, which may stand for a name."""
    return _Shape(squashed(text), doublemetaphone(text)[0], name)


def squashed(text: str) -> str:
    """Only the letters and digits, in lower case."""
    return _BETWEEN.sub("", text.casefold())


def _own_forms(name: str) -> list[str]:
    """The spelling of the name itself, with its words apart or together."""
    words = _words_of(name)
    return [" ".join(words), name.casefold(), "".join(words)]


def _further_forms(name: str) -> list[str]:
    """The name with synonyms for its words, and without an ending that people leave out."""
    words = _words_of(name)
    shorter = [words[:-1]] if len(words) > 1 and words[-1] in _OPTIONAL_ENDINGS else []
    said = (
        option for each in (words, *shorter) for option in product(*((word, *_SYNONYMS.get(word, ())) for word in each))
    )
    return [form for option in islice(said, MOST_FORMS // 2) for form in (" ".join(option), "-".join(option))]


def _words_of(name: str) -> list[str]:
    """The words a name is made of: at hyphens and the like, and where capitals begin."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.split(r"[^a-z0-9]+", apart.casefold().strip("-_./ ")) if squashed(name) else [name.casefold()]


def _forms_of(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Form → names, where a name's own spelling goes before any other's shortened one."""
    own: dict[str, list[str]] = {}
    further: dict[str, list[str]] = {}
    for name in names:
        for form in dict.fromkeys(_own_forms(name)):
            own.setdefault(form, []).append(name)
        for form in dict.fromkeys(_further_forms(name)):
            further.setdefault(form, []).append(name)
    return {form: tuple(dict.fromkeys(each)) for form, each in {**further, **own}.items()}
