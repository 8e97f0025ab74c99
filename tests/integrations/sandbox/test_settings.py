from __future__ import annotations

from typing import Any

import pytest

from integrations.sandbox.settings import Settings


def test_the_defaults_are_a_calm_day() -> None:
    settings = Settings()
    assert settings.json() == {
        "rollout_seconds": 3.0,
        "pods_never_ready": [],
        "change_approval_seconds": None,
        "refuse_changes": False,
        "auto_approve_staging": False,
        "cdk_seconds": 2.0,
        "cdk_fails": False,
        "unhealthy": [],
    }
    assert Settings.read(settings.json()) == settings


def test_each_setting_can_be_changed() -> None:
    changed = Settings.read(
        {
            "rollout_seconds": 0,
            "pods_never_ready": ["staging/checkout"],
            "change_approval_seconds": 60,
            "refuse_changes": True,
            "auto_approve_staging": True,
            "cdk_seconds": 0.5,
            "cdk_fails": True,
            "unhealthy": ["production/web-app"],
        }
    )
    assert changed.pods_never_ready == ("staging/checkout",)
    assert changed.change_approval_seconds == 60
    assert Settings.read({"change_approval_seconds": None}).change_approval_seconds is None


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("rollout_seconds", "3", "a number of seconds, not '3'"),
        ("rollout_seconds", None, "a number of seconds, not None"),
        ("rollout_seconds", -1, "a number of seconds, not -1"),
        ("rollout_seconds", True, "a number of seconds, not True"),
        ("change_approval_seconds", "soon", "a number of seconds, or null, not 'soon'"),
        ("cdk_fails", 1, "true or false, not 1"),
        ("unhealthy", "production/web-app", "a list of names, not 'production/web-app'"),
        ("pods_never_ready", [1], r"a list of names, not \[1\]"),
    ],
)
def test_a_wrong_value_is_refused_with_what_would_be_right(name: str, value: Any, wanted: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be {wanted}"):
        Settings.read({name: value})


def test_an_unknown_setting_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"there is no setting 'cdk_fail'; there are rollout_seconds, .*cdk_fails"):
        Settings.read({"cdk_fail": True})
