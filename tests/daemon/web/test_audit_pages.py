"""The pages of the record: what they are given, they show."""

from __future__ import annotations

from dataclasses import fields

import pytest

from daemon.web import audit_pages
from daemon.web.render import TEMPLATES


@pytest.mark.parametrize("name", ["Audit", "Entry", "Verification"])
def test_nothing_is_given_to_a_page_that_it_does_not_show(name: str) -> None:
    template = (TEMPLATES / f"{name.lower()}.html").read_text()
    assert [each.name for each in fields(getattr(audit_pages, name)) if f"page.{each.name}" not in template] == []
