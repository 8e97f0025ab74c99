from __future__ import annotations

from pathlib import Path

import pytest

from integrations.sandbox.claim import AlreadyServed, claimed
from integrations.sandbox.endpoints import Endpoints
from integrations.sandbox.systems import SERVED


def test_a_folder_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    home = tmp_path / "new" / "sandbox"
    with claimed(home), pytest.raises(AlreadyServed, match=f"a sandbox already serves {home}$"), claimed(home):
        pass
    with claimed(home):
        pass


def test_it_is_let_go_when_the_holder_fails(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), claimed(tmp_path):
        raise RuntimeError
    with claimed(tmp_path):
        pass


def test_the_refusal_names_the_process_when_it_is_known(tmp_path: Path) -> None:
    urls = dict.fromkeys(("admin", *SERVED), "http://127.0.0.1:1")
    Endpoints(pid=4711, **urls).write(tmp_path)
    with claimed(tmp_path), pytest.raises(AlreadyServed, match=r"\(process 4711\)"), claimed(tmp_path):
        pass
