"""A git repository as a witness."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from policies.audit.checkpoint import Signer
from policies.audit.git_witness import GitPlace, is_repository
from policies.audit.head import RolledBack
from policies.audit.log import Entry, Log
from policies.audit.witness import Unreachable, Witness

if shutil.which("git") is None:
    pytest.skip("install with: apt-get install git", allow_module_level=True)


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    folder = tmp_path / "witness.git"
    subprocess.run(["git", "init", "--quiet", "--bare", folder], check=True)
    return folder


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path / "scratch.git"


def test_each_checkpoint_is_a_commit(
    log: Log, path: Path, signer: Signer, entry: Callable[..., Entry], bare: Path, scratch: Path
) -> None:
    witness = Witness(GitPlace(str(bare), scratch), signer.verifier)
    assert witness.compare(path) is None
    for n in range(1, 4):
        log.append_now(entry(n))
        witness.ship(log.checkpoint(), path)
        assert witness.last() == log.checkpoint()
    witness.ship(log.checkpoint(), path)
    titles = git(bare, "log", "--format=%s|%an", "devos-audit").splitlines()
    origin = signer.verifier.name
    assert titles == [f"{origin}: 3 entries|DevOS", f"{origin}: 2 entries|DevOS", f"{origin}: 1 entry|DevOS"]
    assert git(bare, "show", "devos-audit:checkpoint") == log.checkpoint().note.strip()


def test_a_work_tree_is_left_alone(
    log: Log, path: Path, signer: Signer, entry: Callable[..., Entry], tmp_path: Path, scratch: Path
) -> None:
    tree = tmp_path / "project"
    subprocess.run(["git", "init", "--quiet", "-b", "main", tree], check=True)
    (tree / "letter").write_text("Dear aunt")
    git(tree, "add", "letter")
    git(tree, "-c", "user.name=x", "-c", "user.email=x", "commit", "--quiet", "-m", "write")
    (tree / "letter").write_text("Dear uncle")
    log.append_now(entry())
    Witness(GitPlace(str(tree), scratch), signer.verifier).ship(log.checkpoint(), path)
    assert git(tree, "branch", "--show-current") == "main" and git(tree, "status", "--short") == "M letter"
    assert git(tree, "show", "devos-audit:checkpoint") == log.checkpoint().note.strip()


def test_a_log_that_was_set_back_is_noticed_also_without_the_scratch(
    log: Log,
    open_log: Callable[..., Log],
    path: Path,
    signer: Signer,
    entry: Callable[..., Entry],
    bare: Path,
    scratch: Path,
) -> None:
    for n in range(5):
        log.append_now(entry(n))
    Witness(GitPlace(str(bare), scratch), signer.verifier).ship(log.checkpoint(), path)
    shutil.rmtree(scratch)
    other = path.with_name("other.db")
    open_log(other).append_now(entry())
    with pytest.raises(RolledBack, match=r"it has 1 entries, but the witness .*witness\.git saw 5"):
        Witness(GitPlace(str(bare), scratch), signer.verifier).compare(other)


def test_a_branch_that_moves_while_it_is_pushed_to_is_not_overwritten(
    tmp_path: Path, bare: Path, scratch: Path
) -> None:
    GitPlace(str(bare), scratch).keep("one", "one")
    program = tmp_path / "git-that-is-overtaken"
    program.write_text(
        f'#!/bin/sh\nfor word in "$@"; do [ "$word" = push ] && git --git-dir={bare} update-ref refs/heads/devos-audit'
        f" $(echo | git --git-dir={bare} -c user.name=x -c user.email=x commit-tree $(git --git-dir={bare} mktree"
        ' </dev/null) -m theirs); done\nexec git "$@"\n'
    )
    program.chmod(0o755)
    with pytest.raises(Unreachable, match=r"git push: .*rejected"):
        GitPlace(str(bare), scratch, program=str(program)).keep("two", "two")
    assert git(bare, "log", "--format=%s", "devos-audit") == "theirs"


def test_what_keeps_it_from_being_asked(tmp_path: Path, scratch: Path, bare: Path) -> None:
    with pytest.raises(Unreachable, match=r"git ls-remote: .*does not exist|not appear to be a git"):
        GitPlace(str(tmp_path / "nowhere"), scratch).read()
    with pytest.raises(Unreachable, match="no-such-git cannot be started"):
        GitPlace(str(bare), scratch, program="no-such-git").read()
    sleeper = tmp_path / "sleeper"
    sleeper.write_text("#!/bin/sh\nsleep 1000 &\nwait\n")
    sleeper.chmod(0o755)
    with pytest.raises(Unreachable, match=r"took longer than 0\.2 seconds"):
        GitPlace(str(bare), scratch, program=str(sleeper), seconds=0.2).read()


def test_an_address_that_looks_like_an_option_is_none(scratch: Path, tmp_path: Path) -> None:
    trace = tmp_path / "was-run"
    with pytest.raises(Unreachable):
        GitPlace(f"--upload-pack=touch {trace}", scratch).read()
    assert not trace.exists()


def test_a_hook_that_started_devos_sends_nothing_elsewhere(
    tmp_path: Path, bare: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere.git"
    subprocess.run(["git", "init", "--quiet", "--bare", elsewhere], check=True)
    monkeypatch.setenv("GIT_DIR", str(elsewhere))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(elsewhere / "objects"))
    place = GitPlace(str(bare), scratch)
    place.keep("one", "one")
    assert place.read() == "one"
    assert not [file for file in (elsewhere / "objects").rglob("*") if file.is_file()]


def test_a_password_in_the_address_is_not_shown(scratch: Path) -> None:
    assert GitPlace("https://ana:hunter2@git.example.com/x.git", scratch).name == (
        "https://ana:[redacted]@git.example.com/x.git"
    )


@pytest.mark.parametrize(
    ("where", "is_one"),
    [
        ("git:/mnt/backup/heads", True),
        ("https://git.example.com/heads", True),
        ("git@git.example.com:heads", True),
        ("/mnt/backup/heads.git", True),
        ("/mnt/backup/heads", False),
        ("/mnt/me@home:9/heads", False),
        ("~/heads", False),
    ],
)
def test_a_repository_is_told_from_a_file(where: str, is_one: bool) -> None:
    assert is_repository(where) is is_one
