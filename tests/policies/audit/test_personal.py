"""Numbers that carry their own proof of being one, and addresses."""

import pytest

from policies.audit.personal import without_addresses, without_numbers


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("4111 1111 1111 1111", "[redacted]"),
        ("paid with 4111-1111-1111-1111.", "paid with [redacted]."),
        ("378282246310005", "[redacted]"),
        ("30569309025904", "[redacted]"),
        ("4111 1111 1111 1112", "4111 1111 1111 1112"),
        ("7111111111111117", "7111111111111117"),
        ("a4111111111111111", "a4111111111111111"),
        ("41111111111111110", "41111111111111110"),
        ("GB82 WEST 1234 5698 7654 32", "[redacted]"),
        ("GB82WEST12345698765432", "[redacted]"),
        ("GB83WEST12345698765432", "GB83WEST12345698765432"),
        ("XX82WEST12345698765432", "XX82WEST12345698765432"),
        ("GB82 WEST 1234 5698", "GB82 WEST 1234 5698"),
        ("123-45-6789", "[redacted]"),
        ("000-12-3456, 123-00-4567, 123-45-0000, 923-45-6789", "000-12-3456, 123-00-4567, 123-45-0000, 923-45-6789"),
        ("SSN: 123456789", "SSN: [redacted]"),
        ("123456789", "123456789"),
    ],
)
def test_numbers_are_known_by_their_own_check(text: str, left: str) -> None:
    assert without_numbers(text) == left


@pytest.mark.parametrize(
    ("kinds", "left"),
    [
        ((), "ana@example.com or +49 171 1234567"),
        (("email",), "[redacted] or +49 171 1234567"),
        (("phone",), "ana@example.com or [redacted]"),
        (("email", "phone"), "[redacted] or [redacted]"),
    ],
)
def test_addresses_go_as_far_as_it_is_asked_for(kinds: tuple[str, ...], left: str) -> None:
    assert without_addresses("ana@example.com or +49 171 1234567", kinds) == left
