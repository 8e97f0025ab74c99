"""The levels of agreement."""

from __future__ import annotations

from policies.decision import Level


def test_levels_grow_stricter_and_are_called_as_the_rules_call_them() -> None:
    assert [str(level) for level in sorted(Level)] == ["auto", "confirm", "approve", "change", "deny"]
    assert max(Level.CHANGE, Level.CONFIRM) is Level.CHANGE
