"""The sections' own checks; how they are read from a file is tests/daemon/test_config.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from daemon.sections import Config


def test_without_a_file_everything_has_a_default_and_no_system_is_named() -> None:
    settings = Config()
    assert settings.rules.pack == "careful"
    assert (settings.approvals.hours, settings.approvals.idle_minutes, settings.approvals.ways) == (
        12,
        10,
        ["desktop", "voice"],
    )
    assert not [name for name, value in settings if value is None and name not in SYSTEMS]


SYSTEMS = ("kubernetes", "rancher", "newrelic", "jira", "servicenow", "teams", "cdk")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"groups": {"lead": ["mira"]}}, r"add \[people\.mira\]"),
        ({"person": {"name": "ana"}, "people": {"mira": {}}}, r"add \[people\.ana\]"),
        ({"approvals": {"hours": 13}}, "less than or equal to 12"),
        ({"approvals": {"idle_minutes": 0}}, "greater than 0"),
        ({"approvals": {"ceilings": {"voice": "approve"}}}, "confirm"),
        ({"approvals": {"ways": ["pigeon"]}}, "desktop"),
        ({"approvals": {"programs": ["robot"]}}, "'robot' is no full path"),
        ({"rules": {"pack": "careless"}}, "careful"),
        ({"audit": {"keep_days": 0}}, "greater than or equal to 1"),
        ({"audit": {"witnesses": ["/fine", "relative/x"]}}, "'relative/x' is neither a full path nor a git repository"),
        ({"audit": {"witnesses": ["~somebody/x"]}}, "neither a full path nor a git repository"),
        ({"dashboard": {"port": 70000}}, "65535"),
        ({"kubernetes": {}}, "needs url or kubeconfig"),
        ({"runs": {"database": "postgresql://me:secret@here/x"}}, "secrets do not stand in config.toml"),
    ],
)
def test_what_cannot_be_meant_is_refused(written: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Config.model_validate(written)


def test_a_group_is_made_of_people() -> None:
    written = {"person": {"name": "mira"}, "people": {"mira": {"entra": "8a6f"}}, "groups": {"lead": ["mira"]}}
    settings = Config.model_validate(written)
    assert settings.groups == {"lead": ["mira"]}
    assert settings.people["mira"].entra == "8a6f"


def test_a_witness_in_ones_home_is_found_there_and_addresses_stay() -> None:
    git = ["git@git.example.com:audit/devos.git", "git:~/devos", "https://git.example.com/devos", "../devos.git"]
    settings = Config.model_validate({"audit": {"witnesses": ["~/devos.checkpoint", "/mnt/x", *git]}})
    assert settings.audit.witnesses == [str(Path.home() / "devos.checkpoint"), "/mnt/x", *git]
