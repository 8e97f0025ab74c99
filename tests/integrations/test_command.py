import asyncio
import hashlib
import os
import signal
import sys
from pathlib import Path

import pytest

from integrations.command import CannotRun, Finished, Interrupted, TookTooLong, finished, run, surroundings

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def place(tmp_path):
    return {"folder": tmp_path / "commands", "cwd": tmp_path, "env": {}, "within": 60.0}


def record_of(place, key):
    return place["folder"] / hashlib.sha256(key.encode()).hexdigest()[:40]


def there(path):
    return path.is_symlink() or path.exists()


async def appears(path):
    for _ in range(6000):
        if there(path):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{path} never came")


async def test_a_program_runs_and_says_how_it_ended(place):
    script = 'echo "to $GREETED"; echo oh >&2; pwd; exit 3'
    place["env"] = {"GREETED": "you"}
    done = await run(["sh", "-c", script], key="k", **place)
    assert done == Finished(3, f"to you\n{place['cwd']}\n", "oh\n")
    assert finished("k", place["folder"]) == done
    assert finished("other", place["folder"]) is None


async def test_the_same_key_never_runs_it_twice(place):
    script = ["sh", "-c", "echo ran >>ran; echo done"]
    first = await asyncio.gather(*(run(script, key="k", **place) for _ in range(6)))
    again = await run(script, key="k", **place)
    assert {each.out for each in [*first, again]} == {"done\n"}
    assert (place["cwd"] / "ran").read_text() == "ran\n"
    await run(script, key="another", **place)
    assert (place["cwd"] / "ran").read_text() == "ran\nran\n"


async def test_killing_whoever_started_it_changes_nothing(place):
    """A process that waits for a program is killed with -9 in the middle; the next one gets the one run's end."""
    waiting = place["cwd"] / "go"
    script = ["sh", "-c", f"echo ran >>ran; while [ ! -e {waiting} ]; do sleep 0.02; done; echo over"]
    caller = f"""
import asyncio
from pathlib import Path
from integrations.command import run
asyncio.run(run({script!r}, key="k", folder=Path({str(place["folder"])!r}), cwd=Path({str(place["cwd"])!r}),
                env={{}}, within=60.0))
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", caller, cwd=REPOSITORY)
    await appears(place["cwd"] / "ran")
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert finished("k", place["folder"]) is None
    second = asyncio.create_task(run(script, key="k", **place))
    await asyncio.sleep(0)
    waiting.touch()
    assert (await second).out == "over\n"
    assert (place["cwd"] / "ran").read_text() == "ran\n"


async def test_cancelling_whoever_waits_leaves_it_running(place):
    waiting = place["cwd"] / "go"
    script = ["sh", "-c", f"touch began; while [ ! -e {waiting} ]; do sleep 0.02; done"]
    task = asyncio.create_task(run(script, key="k", **place))
    await appears(place["cwd"] / "began")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    waiting.touch()
    assert (await run(script, key="k", **place)).code == 0


async def test_a_runner_that_died_leaves_the_outcome_unknown(place):
    task = asyncio.create_task(run(["sleep", "60"], key="k", **place))
    claim = record_of(place, "k") / "claim"
    await appears(claim)
    os.killpg(os.getpgid(int(claim.readlink().name)), signal.SIGKILL)
    with pytest.raises(Interrupted, match="outcome is not known"):
        await task
    with pytest.raises(Interrupted, match=str(record_of(place, "k"))):
        await run(["sleep", "60"], key="k", **place)


@pytest.mark.parametrize("number", [os.getpid(), 2**22 + 1], ids=["another's", "nobody's"])
async def test_a_claim_whose_number_is_another_process_by_now_or_none(place, number):
    record = record_of(place, "k")
    record.mkdir(parents=True)
    (record / "claim").symlink_to(str(number))
    with pytest.raises(Interrupted):
        await run(["true"], key="k", **place)


async def test_what_takes_too_long_is_ended(place):
    ticks = iter(range(0, 10**6, 10))
    place["within"] = 100.0
    with pytest.raises(TookTooLong, match="sleep had not finished after 100 s and was ended"):
        await run(["sleep", "600"], key="k", clock=lambda: float(next(ticks)), **place)
    ended = finished("k", place["folder"])
    assert ended is not None and ended.code == 128 + signal.SIGTERM


async def test_what_will_not_end_is_killed(place):
    ticks = iter(range(0, 10**6, 10))
    script = ["sh", "-c", "trap '' TERM; touch deaf; while :; do sleep 0.1; done"]

    def clock():
        return float(next(ticks)) if (place["cwd"] / "deaf").exists() else 0.0

    place["within"] = 20.0
    with pytest.raises(TookTooLong):
        await run(script, key="k", clock=clock, **place)


async def test_what_cannot_be_started_says_why(place, tmp_path):
    with pytest.raises(CannotRun, match="there is no such program"):
        await run(["no-such-program"], key="k", **place)
    with pytest.raises(CannotRun, match="there is no folder"):
        await run(["true"], key="k", **{**place, "cwd": tmp_path / "nowhere"})
    (tmp_path / "file").touch()
    with pytest.raises(CannotRun, match="cannot be written"):
        await run(["true"], key="k", **{**place, "folder": tmp_path / "file"})
    assert finished("k", place["folder"]) is None


async def test_a_record_that_takes_no_claim_is_named(place, monkeypatch):
    """Without `ln` on its path the runner cannot claim, and goes away without running anything."""
    (place["cwd"] / "bin").mkdir()
    (place["cwd"] / "bin" / "prog").symlink_to("/bin/true")
    place["env"] = {"PATH": str(place["cwd"] / "bin")}
    with pytest.raises(CannotRun, match=r"record in .* cannot be written"):
        await run(["prog"], key="k", **place)


async def test_the_record_is_private(place):
    await run(["true"], key="k", **place)
    assert record_of(place, "k").stat().st_mode & 0o077 == 0


async def test_a_program_sees_no_credentials_but_those_it_is_given(place, monkeypatch):
    monkeypatch.setenv("JIRA_TOKEN", "canary")
    monkeypatch.setenv("HOME", "/somewhere")
    place["env"] = {"AWS_REGION": "eu-west-1"}
    out = (await run(["env"], key="k", **place)).out
    assert "canary" not in out and "AWS_REGION=eu-west-1" in out and "HOME=/somewhere" in out
    monkeypatch.delenv("PATH")
    assert surroundings({})["PATH"] == os.defpath


async def test_without_a_proc_file_system_ps_is_asked(place, monkeypatch):
    """On macOS there is no /proc."""
    there = Path.exists
    monkeypatch.setattr(Path, "exists", lambda self: str(self) != "/proc/self" and there(self))
    waiting = place["cwd"] / "go"
    looks = 0

    async def sleep(seconds):
        nonlocal looks
        looks += 1
        if looks > 25:
            waiting.touch()
        await asyncio.sleep(0.005)

    script = ["sh", "-c", f"while [ ! -e {waiting} ]; do sleep 0.02; done"]
    assert (await run(script, key="k", sleep=sleep, **place)).code == 0
