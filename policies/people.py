"""Who may agree: people, the names that the systems know them by, and their groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class People:
    """Everybody who is configured; where nobody is, anybody counts as known and as nobody's equal but their own."""

    identities: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Person → system ("entra", "servicenow", "jira") → the name or id that the person has there."""
    groups: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Group → its people."""

    def knows(self, person: str) -> bool:
        """Whether this is somebody whose answer can count."""
        return not self.identities or person in self.identities

    def groups_of(self, person: str) -> frozenset[str]:
        """The groups that a person is in."""
        return frozenset(group for group, members in self.groups.items() if person in members)

    def members(self, group: str) -> frozenset[str]:
        """The people of a group; nobody where there is no such group."""
        return frozenset(self.groups.get(group, ()))

    def who(self, system: str, identity: str) -> str | None:
        """The one person whom a system knows by that name; None where nobody is, or more than one would be."""
        same = identity.casefold()
        found = [person for person, names in self.identities.items() if names.get(system, "").casefold() == same]
        return found[0] if identity and len(found) == 1 else None

    def person(self, name: str) -> str:
        """The person whom a name or an identity means; the name itself where it means nobody, or more than one."""
        if name in self.identities or not name:
            return name
        wanted = name.casefold()
        found = [
            person
            for person, names in self.identities.items()
            if wanted in (person.casefold(), *(each.casefold() for each in names.values()))
        ]
        return found[0] if len(found) == 1 else name

    def same(self, one: str, other: str) -> bool:
        """Whether two names are one human being's: the same name, or one that a system knows by the same identity."""
        if one.casefold() == other.casefold():
            return True
        mine, theirs = self.identities.get(one, {}), self.identities.get(other, {})
        return any(name and name.casefold() == theirs.get(system, "").casefold() for system, name in mine.items())
