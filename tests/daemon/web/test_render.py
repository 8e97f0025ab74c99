"""What a template prints: escaped, visible, and in words that people use."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from jinja2 import UndefinedError
from jinja2.exceptions import TemplateNotFound

from daemon.web.front import STRANGER
from daemon.web.pages import Login, Problem
from daemon.web.render import Renderer, line, took, when


def test_what_is_printed_is_escaped_and_visible() -> None:
    nasty = '<script>alert(1)</script>"\u202egnp.exe\u200b\x1b[31mred\x00'
    shown = Renderer().page("problem", Problem(404, "No", nasty, ""), STRANGER).body.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;gnp.exered" in shown
    assert not {"\u202e", "\u200b", "\x1b", "\x00"} & set(shown)


def test_an_attribute_cannot_be_left() -> None:
    shown = Renderer().page("login", Login('"><img src=x onerror=y>'), STRANGER).body.decode()
    assert "<img" not in shown and 'value="&#34;&gt;&lt;img src=x onerror=y&gt;"' in shown


def test_what_a_page_does_not_have_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        Renderer().page("problem", Login("x"), STRANGER)
    with pytest.raises(TemplateNotFound):
        Renderer().page("nowhere", Login("x"), STRANGER)


def test_a_moment_for_machines_and_people() -> None:
    shown = str(when(datetime(2026, 11, 3, 9, 5, 7, 120_000, tzinfo=UTC)))
    assert shown == '<time datetime="2026-11-03T09:05:07.120Z" title="UTC">3 Nov 2026 09:05:07</time>'
    assert when(None) == "&ndash;"


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (0, "0 ms"),
        (999, "999 ms"),
        (1000, "1.0 s"),
        (59_949, "59.9 s"),
        (200_000, "3 min 20 s"),
        (7_500_000, "2 h 05 min"),
        (None, "\N{EN DASH}"),
    ],
)
def test_how_long_it_took(milliseconds: int | None, said: str) -> None:
    assert took(milliseconds) == said


def test_text_on_one_line() -> None:
    assert line("a\n\tb\u202e") == "a  b"
