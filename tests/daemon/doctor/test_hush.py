"""Keeping libraries quiet."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from daemon.doctor.hush import hushed


def test_what_libraries_write_past_python_is_not_seen_and_the_rest_is(capfd: pytest.CaptureFixture[str]) -> None:
    with hushed():
        os.write(2, b"ALSA lib pcm.c: noise\n")
        print("to be seen")
    os.write(2, b"an error\n")
    assert capfd.readouterr() == ("to be seen\n", "an error\n")


def test_also_after_a_failure(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError), hushed():
        raise KeyError
    os.write(2, b"an error\n")
    assert capfd.readouterr().err == "an error\n"


def test_where_standard_error_is_closed() -> None:
    program = "import os\nos.close(2)\nfrom daemon.doctor.hush import hushed\nwith hushed():\n    print('all right')\n"
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == "all right\n"
