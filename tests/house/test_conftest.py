"""The promises that tests/conftest.py makes to every other test."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def test_a_test_cannot_leave_this_machine() -> None:
    with pytest.raises(OSError, match="stay on this machine"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(OSError, match="stay on this machine"):
        socket.getaddrinfo("example.com", 80)


def test_a_server_on_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()


def test_home_is_a_place_of_its_own() -> None:
    assert not Path(os.environ["DEVOS_HOME"]).is_relative_to(Path.home())


@pytest.mark.parametrize(
    ("reason", "no_skip", "refused"),
    [
        ("install with: apt-get install flac", "1", 3),
        ("install with: apt-get install flac", "0", 0),
        ("needs ../shared/specs", "1", 0),
    ],
)
def test_a_skip_for_a_missing_package_fails_where_none_may_be_missing(
    tmp_path: Path, reason: str, no_skip: str, refused: int
) -> None:
    (tmp_path / "conftest.py").write_text((REPOSITORY / "tests" / "conftest.py").read_text())
    # A configuration file of its own keeps pytest from taking this repository's.
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for name, skip in {
        "test_body.py": f"def test_it(): pytest.skip({reason!r})\n",
        "test_mark.py": f"@pytest.mark.skipif(True, reason={reason!r})\ndef test_it(): pass\n",
        "test_module.py": f"pytest.skip({reason!r}, allow_module_level=True)\n",
    }.items():
        (tmp_path / name).write_text(f"import pytest\n{skip}")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rN", "-p", "no:cacheprovider", "--continue-on-collection-errors", tmp_path],
        env=os.environ | {"DEVOS_NO_SKIP": no_skip},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.count("skipped for want of a system package") == refused, done.stdout
    # pytest says 5 where every test was skipped.
    assert done.returncode in ({1, 2} if refused else {0, 5})
