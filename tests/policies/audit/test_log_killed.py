"""Kill -9 of the writing process: what was acknowledged is there, and nothing cries wolf."""

import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from policies.audit.checkpoint import Signer
from policies.audit.log import Entry, Log
from policies.audit.verify import verify

REPOSITORY = Path(__file__).parents[3]

KILLED = """
import os, signal, sys
from pathlib import Path
from policies.audit.checkpoint import Signer
from policies.audit.log import Entry, Log

home = Path(sys.argv[1])
log = Log(home / "audit.db", Signer.load_or_create(home / "keys"))
for n in range(1, 100_000):
    print(log.append_now(Entry("devos.action.done", "run", n, None, {}, {"n": n})), flush=True)
"""


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, entry: Callable[..., Entry]) -> None:
    for wanted in (1, 7, 40):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        acknowledged = [int(line) for line in itertools.islice(child.stdout, wanted)]
        child.kill()
        acknowledged += [int(line) for line in child.stdout]
        child.wait()
        child.stdout.close()
        signer = Signer.load_or_create(tmp_path / "keys")
        report = verify(tmp_path / "audit.db", str(signer.verifier))
        assert report.ok, report.problem
        assert report.entries - acknowledged[-1] in (0, 1)
        log = Log(tmp_path / "audit.db", signer)
        assert log.append_now(entry()) == report.entries + 1
        log.close()


KILLED_AT = """
import json, os, signal, sqlite3, sys
from pathlib import Path
from policies.audit.checkpoint import Signer
from policies.audit.log import Entry, Log

def dying(function, after):
    # Dies before, or after, the wanted one of all durable writes.
    def wrapped(*arguments, **options):
        global left
        left -= 1
        if left == 0 and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*arguments, **options)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return wrapped

def write(home):
    log = Log(home / "audit.db", Signer.load_or_create(home / "keys"))
    for n in (1, 2):
        seq = log.append_now(Entry("devos.action.done", "run", n, None, {}, {"n": n}))
        with open(home / "acknowledged", "a") as file:
            file.write(f"{seq}\\n")
    log.close()

connect = sqlite3.connect
for point in range(1, 100):
    for after in (False, True):
        home = Path(sys.argv[1]) / f"{point}-{after}"
        home.mkdir()
        child = os.fork()
        if child == 0:
            left = point
            class Killed(sqlite3.Connection):
                commit = dying(sqlite3.Connection.commit, after)
                executescript = dying(sqlite3.Connection.executescript, after)
            sqlite3.connect = lambda *given, **options: connect(*given, factory=Killed, **options)
            for name in ("fsync", "link", "write", "open"):
                setattr(os, name, dying(getattr(os, name), after))
            Path.replace = dying(Path.replace, after)
            write(home)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(json.dumps({"home": str(home), "status": status}), flush=True)
    if status == 0:
        break
"""


def test_a_kill_at_any_durable_write_loses_nothing_and_raises_no_false_alarm(
    tmp_path: Path, entry: Callable[..., Entry]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT, str(tmp_path)], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    tries = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["status"] for each in tries[-2:]] == [0, 0]
    assert {each["status"] for each in tries[:-2]} == {9}
    assert len(tries) > 30
    for each in tries:
        home = Path(each["home"])
        told = home / "acknowledged"
        acknowledged = len(told.read_text().splitlines()) if told.exists() else 0
        signer = Signer.load_or_create(home / "keys")
        log = Log(home / "audit.db", signer)
        held = len(log.entries())
        assert held - acknowledged in (0, 1)
        assert log.append_now(entry()) == held + 1
        log.close()
        report = verify(home / "audit.db", str(signer.verifier))
        assert report.ok, (each, report.problem)
