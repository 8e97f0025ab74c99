from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from integrations.sandbox import client
from integrations.sandbox.client import NoSandbox, NotAccepted, Sandbox
from integrations.sandbox.endpoints import Endpoints
from integrations.sandbox.systems import SERVED


def test_the_sandbox_of_a_folder_is_found(running: Any) -> None:
    assert Sandbox.at(running.home).endpoints == running.endpoints


def test_without_one_it_says_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(NoSandbox, match="Start one with `devos run --sandbox`"):
        Sandbox.at(tmp_path)


def test_one_that_has_gone_is_said_so() -> None:
    urls = dict.fromkeys(("admin", *SERVED), "http://127.0.0.1:9")
    with pytest.raises(NoSandbox, match=r"The sandbox at http://.* does not answer"):
        Sandbox(Endpoints(1, **urls)).state()


def test_every_question_has_its_answer(running: Any) -> None:
    sandbox = Sandbox.at(running.home)
    assert sandbox.state()["settings"] == sandbox.settings()
    assert sandbox.fault(system="jira", kind="drop", times=3)[0]["times"] == 3
    sandbox.clear_faults()
    assert sandbox.state()["faults"] == []
    created = running.servicenow.post("/api/now/table/change_request", json={"state": "-4"}).json()["result"]
    assert sandbox.journal("servicenow")[0]["status"] == 201
    assert sandbox.refuse(created["number"], because="No.", by="marcus.oyelaran")["state"] == "New"
    with pytest.raises(NotAccepted, match="waits for no approval"):
        sandbox.approve(created["number"])
    sandbox.reset()
    assert sandbox.journal() == []


def test_nothing_slow_is_imported_for_it() -> None:
    slow = {"httpx", "starlette", "uvicorn", "yaml"}
    code = f"import integrations.sandbox.client, sys; print(sorted({slow} & set(sys.modules)))"
    root = Path(client.__file__).parents[2]
    assert subprocess.check_output([sys.executable, "-c", code], cwd=root, text=True) == "[]\n"
