"""The verifier printed in the documentation, run as a stranger would: it agrees with ours."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from policies.audit.checkpoint import Signer
from policies.audit.log import Entry, Log
from policies.audit.verify import verify

PAGE = Path(__file__).parents[3] / "docs" / "audit-format.md"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (found,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), flags=re.M | re.S)
    script = tmp_path / "verifier.py"
    script.write_text(found)
    return script


def run(program: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", program, program.parent, program.parent / "keys" / "audit.pub"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_accepts_what_was_written_and_refuses_what_was_altered(
    program: Path, path: Path, signer: Signer, log: Log, entry: Callable[..., Entry]
) -> None:
    for n in range(1, 71):
        log.append_now(entry(n))
    done = run(program)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"70 entries, root {verify(path, str(signer.verifier)).root}\n"

    log.close()
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM payloads WHERE digest = (SELECT payload FROM entries WHERE seq = 5)")
    connection.commit()
    assert run(program).returncode == 0
    connection.execute("DROP TRIGGER entries_stay_as_they_are")
    connection.execute("UPDATE entries SET event = replace(event, 'web-app', 'web-axe') WHERE seq = 66")
    connection.commit()
    connection.close()
    assert "an entry up to 70 was altered" in run(program).stderr


def test_the_page_has_the_tables_as_they_are(path: Path, log: Log) -> None:
    page = PAGE.read_text()
    connection = sqlite3.connect(path)
    try:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            (row,) = re.findall(rf"^\| `{table}` \|(.*)$", page, flags=re.M)
            columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_xinfo({table})")]
            assert [name for name in columns if f"`{name}`" not in row] == []
    finally:
        connection.close()
    assert len(tables) == 5
