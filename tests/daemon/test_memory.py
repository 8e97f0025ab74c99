"""What a process still holds of memory that it has freed."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import ctypes
from daemon.memory import give_back

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

library = ctypes.CDLL(None)
library.malloc.restype, library.malloc.argtypes, library.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
pieces = [library.malloc(60_000) for _ in range(1000)]
for each in pieces:
    ctypes.memset(each, 1, 60_000)
for each in pieces[:-1]:  # the last one keeps the others from being given back by themselves
    library.free(each)
before = resident()
give_back()
print(before - resident())
"""  # noqa: E501 - a program of its own


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc keeps it")
def test_what_was_freed_goes_back_to_the_system() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 40_000_000
