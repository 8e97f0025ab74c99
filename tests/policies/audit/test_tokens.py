"""Tokens: found by their maker's mark wherever they stand, but not within other words."""

import pytest

from policies.audit.tokens import without_tokens

RANDOM = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0fL"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"ghp_{RANDOM}", "[redacted]"),
        (f"(ghp_{RANDOM})", "([redacted])"),
        (f"a=ghp_{RANDOM},b=glpat-{RANDOM}", "a=[redacted],b=[redacted]"),
        (f"xghp_{RANDOM}", f"xghp_{RANDOM}"),
        ("ghp_short", "ghp_short"),
        ("wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY", "[redacted]"),
        ("integrations/kubernetes/deployment/Scale", "integrations/kubernetes/deployment/Scale"),
        ("a" * 40, "a" * 40),
    ],
)
def test_tokens_in_a_text(text: str, left: str) -> None:
    assert without_tokens(text, text.lower()) == left
