from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from integrations.sandbox.endpoints import Endpoints

URLS = {name: f"http://127.0.0.1:{4000 + n}" for n, name in enumerate(("admin", "jira", "servicenow", "newrelic"))}
MORE = ("kubernetes", "rancher", "graph")
ALL = {**URLS, **{name: f"http://127.0.0.1:{5000 + n}" for n, name in enumerate(MORE)}}


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    endpoints = Endpoints(pid=7, **ALL)
    endpoints.write(tmp_path)
    assert Endpoints.read(tmp_path) == endpoints
    assert json.loads((tmp_path / "endpoints.json").read_text()) == {"pid": 7, **ALL}
    assert stat.S_IMODE((tmp_path / "endpoints.json").stat().st_mode) == 0o600
    assert endpoints.port("servicenow") == 4002
    assert [each.name for each in tmp_path.iterdir()] == ["endpoints.json"]


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"pid": 1}', '{"pid": 1, "admin": "x", "more": 2}'])
def test_no_file_or_a_broken_one_means_that_nobody_is_known(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "endpoints.json").write_text(text)
    assert Endpoints.read(tmp_path) is None
