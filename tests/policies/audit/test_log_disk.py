"""Disks that are full or may not be written, and a clock set back: nothing acknowledged is lost, no false word told."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from policies.audit.checkpoint import Signer
from policies.audit.log import Entry, Log
from policies.audit.verify import verify

ROOT = Path(__file__).parents[3]
WRITERS = 8

FILL = """
import json, resource, sys, threading
from pathlib import Path
from policies.audit.checkpoint import Signer
from policies.audit.log import CannotRecord, Entry, Log
from policies.audit.verify import verify

home, how = Path(sys.argv[1]), sys.argv[2]
signer = Signer.load_or_create(home / "keys")
if how == "limit":
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, most))
else:
    (home / "ballast").write_bytes(bytes(300_000))
log = Log(home / "audit.db", signer)
acknowledged, refused = {}, []

def write(writer):
    for n in range(10_000):
        try:
            seq = log.append_now(Entry("devos.action.done", "run", n, None, {"writer": writer, "n": n}, "x" * 2000))
        except CannotRecord as error:
            refused.append(str(error))
            return
        acknowledged[seq] = [writer, n]

def load():
    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()

load()
full = len(refused)
report = verify(home / "audit.db", str(signer.verifier))
if how == "limit":
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
else:
    (home / "ballast").unlink()
more = log.append_now(Entry("devos.action.done", "run", 0, None, {"writer": 9, "n": 0}))
acknowledged[more] = [9, 0]
held = {each.seq: [each.data["writer"], each.data["n"]] for each in log.entries()}
log.close()
after = verify(home / "audit.db", str(signer.verifier))
print(json.dumps({
    "refused": refused, "full": full, "while full": report.problem, "after": after.problem, "entries": after.entries,
    "acknowledged": acknowledged, "held": held,
}))
"""

READ_ONLY = """
import json, subprocess, sys
from pathlib import Path
from policies.audit.checkpoint import Signer
from policies.audit.log import CannotRecord, Entry, Log
from policies.audit.verify import verify

home = Path(sys.argv[1])
signer = Signer.load_or_create(home / "keys")
log = Log(home / "audit.db", signer)
log.append_now(Entry("devos.action.done", "run", 1, None, {}))
log.close()
subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)
refused = None
try:
    Log(home / "audit.db", signer).append_now(Entry("devos.action.done", "run", 2, None, {}))
except CannotRecord as error:
    refused = str(error)
report = verify(home / "audit.db", str(signer.verifier))
print(json.dumps({"refused": refused, "entries": report.entries, "problem": report.problem}))
"""


def run(program: str, *words: object) -> dict[str, Any]:
    command = [sys.executable, "-c", program, *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def run_on_a_small_disk(program: str, folder: Path, *words: object) -> dict[str, Any]:
    """Run it where `folder` is a disk of its own of one megabyte, which nobody else sees."""
    inside = [sys.executable, "-c", program, str(folder), *map(str, words)]
    mounted = ["sh", "-c", 'mount -t tmpfs -o size=1m none "$0" && exec "$@"', str(folder), *inside]
    command = ["unshare", "--map-root-user", "--mount", *mounted]
    if shutil.which("unshare") is None or subprocess.run([*command[:3], "true"], capture_output=True).returncode != 0:
        pytest.skip("nobody here may mount a disk of their own (unshare --map-root-user --mount)")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def check(found: dict[str, Any]) -> None:
    assert found["full"] == WRITERS
    assert all("cannot be written" in each for each in found["refused"])
    assert found["while full"] is None and found["after"] is None
    assert found["entries"] == len(found["held"])
    assert len(found["acknowledged"]) > WRITERS
    lost = {seq: what for seq, what in found["acknowledged"].items() if found["held"].get(seq) != what}
    assert lost == {}
    # What was refused may not stand there either: nobody would know of it.
    assert found["held"] == found["acknowledged"]


def test_a_full_disk_loses_nothing_acknowledged_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    check(run_on_a_small_disk(FILL, tmp_path, "disk"))


def test_a_limit_on_the_size_of_files_is_like_a_full_disk(tmp_path: Path) -> None:
    check(run(FILL, tmp_path, "limit"))


def test_a_read_only_disk_acknowledges_nothing_and_can_be_verified(tmp_path: Path) -> None:
    found = run_on_a_small_disk(READ_ONLY, tmp_path)
    assert "cannot be written" in str(found["refused"])
    assert (found["entries"], found["problem"]) == (1, None)


def test_a_clock_set_back_a_day_changes_times_and_nothing_else(
    path: Path, signer: Signer, entry: Callable[..., Entry]
) -> None:
    noon = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    for n, moment in enumerate([noon, noon - timedelta(days=1), noon + timedelta(days=1)]):
        log = Log(path, signer, clock=lambda moment=moment: moment)
        assert [log.append_now(entry(2 * n + each)) for each in (1, 2)] == [2 * n + 1, 2 * n + 2]
        log.close()
        assert verify(path, str(signer.verifier)).ok
    log = Log(path, signer, clock=lambda: noon)
    assert [each.time.day for each in log.entries()] == [2, 2, 1, 1, 3, 3]
    assert [each.step for each in log.entries()] == [1, 2, 3, 4, 5, 6]
    log.close()
