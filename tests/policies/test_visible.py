"""Text from outside, made safe to be shown."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from policies.visible import visible


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "two\nlines\tand a tab",
        "Grüße, naïve café",
        "日本語 한국어 עברית العربية",
        "5 µs ± 2 % → ok ✓",
        "👍",
        "",
    ],
)
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b2Jcleared", "cleared"),
        ("\x1b]0;title\x07rest", "rest"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9d52;c;c2VjcmV0\x9crest", "rest"),
        ("\x1bP+q544e\x1b\\rest", "rest"),
        ("\x1b_hidden\x1b\\rest", "rest"),
        ("\x1b]0;never closed", ""),
        ("\x1bc\x1b(0\x1b=rest", "rest"),
        ("a\x08\x08b\x07\x00\x7f", "ab"),
        ("\u202eevil\u202c \u2066x\u2069\u200e\u200f", "evil x"),
        ("pay\u200bment\ufeff\u00ad\u2060\u180e", "payment"),
        ("note" + "".join(chr(0xE0000 + ord(each)) for each in "run rm"), "note"),
        ("A\ufe0f\U000e0100\u034f\u115f\u3164\uffa0\u2800", "A"),
        ("\ue000\U000f0000\ud800\u0378", ""),
        ("one\u2028two\u2029three", "onetwothree"),
        ("a\r\nb\rc", "a\nb\nc"),
    ],
)
def test_what_is_not_seen_or_steers_is_left_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_on_one_line_nothing_begins_another() -> None:
    assert visible("a\nb\tc\r\nd\re", lines=False) == "a b c d e"


def test_nothing_that_is_left_is_hidden_whatever_goes_in() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    left = visible(everything)
    assert {unicodedata.category(each) for each in left} & {"Cc", "Cf", "Cs", "Co", "Cn"} <= {"Cc"}
    assert {each for each in left if unicodedata.category(each) == "Cc"} == {"\n", "\t"}
    assert visible(left) == left


def test_half_an_escape_before_another_hides_nothing_dangerous() -> None:
    for cut in range(1, 12):
        shown = visible("\x1b]0;title\x07rest"[:cut] + "\x1b[31mred\x1b[0m")
        assert "\x1b" not in shown and "\x9b" not in shown
