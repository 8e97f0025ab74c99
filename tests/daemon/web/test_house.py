"""What the dashboard needs of DevOS is what DevOS has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.web.house import House, in_force

if TYPE_CHECKING:
    from tests.daemon.web.conftest import Site


async def test_devos_has_all_of_it(site: Site) -> None:
    needed = [name for name in vars(House) if not name.startswith("_")]
    assert len(needed) >= 10 and all(hasattr(site.app, name) for name in needed)


async def test_the_rules_in_force_are_those_of_the_files(site: Site) -> None:
    rules, problem = in_force(site.app)
    assert rules.ruleset == site.app.rules.ruleset and problem is None
