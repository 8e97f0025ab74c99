"""audit: the record, and the proof that nobody changed it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.daemon.conftest import House

STAGING = "set checkout to six pods in staging"


@pytest.fixture
def kept(house: House, empty: House) -> House:
    """A copy of a log with a run in it, which a test may spoil."""
    house.devos("say", STAGING)
    (empty.home / "keys").mkdir()
    for name in ("keys/audit.pub", "audit.checkpoint"):
        (empty.home / name).write_bytes((house.home / name).read_bytes())
    with (
        closing(sqlite3.connect(f"file:{house.home / 'audit.db'}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(empty.home / "audit.db")) as target,
    ):
        source.backup(target)
    return empty


def spoil(home: Path, *statements: str) -> None:
    with closing(sqlite3.connect(home / "audit.db")) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)


def test_the_log_of_a_run_is_listed_oldest_first(house: House) -> None:
    run = house.devos("say", STAGING, "--json").json["run"]
    listed = house.devos("audit", "list", "--run", run, "--json").json
    assert [entry["seq"] for entry in listed] == sorted(entry["seq"] for entry in listed)
    assert listed[0]["type"] == "devos.run.started" and listed[-1]["type"] == "devos.run.finished"
    assert {entry["run"] for entry in listed} == {run} and listed[0]["time"].endswith("Z")
    lines = house.devos("audit", "list", "--run", run).out.splitlines()
    assert len(lines) == len(listed)
    (scaled,) = (line for line in lines if "action.intended" in line and "kubernetes.scale" in line)
    assert scaled.endswith("staging/checkout auto changes-outside-production")
    newest = house.devos("audit", "list", "--limit", "2", "--json").json
    assert [entry["seq"] for entry in newest] == [entry["seq"] for entry in listed[-2:]]


def test_entries_are_found_by_what_they_are_about(house: House) -> None:
    run = house.devos("say", STAGING, "--json").json["run"]
    person = house.devos("audit", "list", "--run", run, "--json").json[0]["data"]["person"]

    def listed(*words: str) -> list[dict[str, Any]]:
        return list(house.devos("audit", "list", "--run", run, "--json", *words).json)

    assert {entry["action"].partition(".")[0] for entry in listed("--system", "kubernetes")} == {"kubernetes"}
    assert {entry["data"]["rule"] for entry in listed("--rule", "changes-outside-production")} == {
        "changes-outside-production"
    }
    assert listed("--person", person) == listed("--day", "today", "--limit", "50") == listed()
    assert listed("--person", "nobody") == [] and listed("--day", "2001-01-01") == []
    (started,) = listed("--type", "devos.run.started")
    assert started in listed("--search", '"checkout to six" pod*') and listed("--search", "aunt") == []
    newest = listed("--limit", "2")
    assert listed("--before", str(newest[0]["seq"]), "--limit", "1") == listed()[-3:-2]
    assert listed("--before", str(newest[0]["seq"]), "--limit", "1", "--search", run) == listed()[-3:-2]


def test_what_devos_reads_by_itself_is_left_out_and_counted(house: House) -> None:
    house.devos("say", STAGING)
    own = house.devos("audit", "list", "--run", "catalogue", "--limit", "100000", "--json").json
    assert own and {entry["run"] for entry in own} == {"catalogue"}
    everything = house.devos("audit", "list", "--limit", "100000", "--all", "--json").json
    others = [entry for entry in everything if entry["run"] != "catalogue"]
    assert len(everything) == len(own) + len(others)
    assert house.devos("audit", "list", "--limit", "100000", "--json").json == others
    assert house.devos("audit", "list", "--day", "today", "--limit", "2", "--json").json == others[-2:]
    said = house.devos("audit", "list", "--limit", "100000")
    assert said.err == f"Left out: {len(own)} entries of DevOS reading which names exist; --all lists them too.\n"
    assert not house.devos("audit", "list", "--all").err
    named = house.devos("audit", "list", "--search", "catalogue", "--json").json
    assert named and {entry["run"] for entry in named} == {"catalogue"}


def test_a_day_that_is_none(house: House) -> None:
    said = house.devos("audit", "list", "--day", "someday")
    assert said.code == 2 and "'someday' is no day" in said.err


def test_one_entry_whole(house: House) -> None:
    run = house.devos("say", STAGING, "--json").json["run"]
    first = house.devos("audit", "list", "--run", run, "--json").json[0]
    shown = house.devos("audit", "show", str(first["seq"]), "--json")
    assert shown.code == 0 and shown.json == first and shown.json["payload"]["text"] == STAGING
    said = house.devos("audit", "show", str(first["seq"])).out
    assert f"run: {run}\n" in said and f"  text: {STAGING}\n" in said
    slots = '"namespace": "staging", "replicas": 6, "ticket": null'
    assert "step: -\n" in said and slots in said


def test_an_entry_that_is_not_there(house: House) -> None:
    said = house.devos("audit", "show", "100000000")
    assert said.code == 2 and "There is no entry 100000000" in said.err
    assert house.devos("audit", "show", "0").code == 2
    assert house.devos("audit", "show", "x").code == 2
    assert house.devos("audit", "list", "--run", "no-such-run", "--json").json == []
    nothing = house.devos("audit", "list", "--run", "no-such-run")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "No entry matches.\n")


def test_text_from_outside_writes_no_lines_of_its_own(house: House) -> None:
    house.devos("say", "how many replicas\n does   web-app have")
    seq = house.devos("audit", "list", "--limit", "1", "--json").json[0]["seq"]
    lines = house.devos("audit", "list", "--limit", "50").out.splitlines()
    assert all(line.split()[0].isdigit() for line in lines) and lines[-1].split()[0] == str(seq)


def test_a_true_log_is_valid(house: House) -> None:
    said = house.process("audit", "verify")
    assert said.code == 0 and said.out.startswith("Valid: ") and "signed." in said.out
    report = house.devos("audit", "verify", "--json")
    assert report.code == 0 and report.json["ok"] is True and report.json["entries"] > 0


def test_a_changed_entry_is_named(kept: House) -> None:
    assert kept.devos("audit", "verify").code == 0
    spoil(kept.home, "UPDATE entries SET event = replace(event, 'devos.run.', 'devos.ran.') WHERE seq = 7")
    spoil(kept.home, "UPDATE entries SET event = replace(event, ':', ' :') WHERE seq = 7")
    said = kept.devos("audit", "verify")
    assert said.code == 1 and said.out.startswith("NOT VALID. Entry 7: ")
    report = kept.devos("audit", "verify", "--json")
    assert report.code == 1 and report.json["bad"] == 7 and report.json["ok"] is False


def test_a_changed_payload_is_named(kept: House) -> None:
    spoil(kept.home, "UPDATE payloads SET body = replace(body, '6', '60')")
    assert kept.devos("audit", "verify").out.startswith("NOT VALID. Entry ")


def test_an_erased_payload_is_no_forgery(kept: House) -> None:
    spoil(kept.home, "DELETE FROM payloads WHERE digest = (SELECT min(digest) FROM payloads)")
    said = kept.devos("audit", "verify")
    assert said.code == 0 and said.out.endswith(" 1 payload was erased.\n")


def test_an_entry_that_cannot_be_read(kept: House) -> None:
    spoil(kept.home, "UPDATE entries SET event = 'nothing' WHERE seq = 7")
    for words in (("list", "--limit", "1000"), ("show", "7")):
        said = kept.devos("audit", *words)
        assert said.code == 1 and "cannot be read" in said.err and "devos audit verify" in said.err


@pytest.mark.parametrize(
    "words", [("list",), ("list", "--search", "x"), ("show", "1"), ("verify",), ("approvals",)], ids=" ".join
)
class TestNoLog:
    def test_none_yet(self, empty: House, words: tuple[str, ...]) -> None:
        said = empty.devos("audit", *words)
        assert said.code == 1 and f"There is no audit log in {empty.home} yet" in said.err
        assert empty.devos("audit", *words, "--json").json["error"]
        assert not list(empty.home.iterdir()), "looking makes none"

    def test_no_database(self, empty: House, words: tuple[str, ...]) -> None:
        (empty.home / "audit.db").write_text("This is a letter to my aunt. " * 100)
        said = empty.devos("audit", *words, "--json")
        assert (said.code == 1 and said.json.get("error")) or said.json.get("problem")

    def test_without_its_key(self, kept: House, words: tuple[str, ...]) -> None:
        (kept.home / "keys" / "audit.pub").unlink()
        said = kept.devos("audit", *words, "--json")
        assert said.code == (1 if words == ("verify",) else 0) and said.json is not None

    def test_from_a_newer_devos(self, kept: House, words: tuple[str, ...]) -> None:
        spoil(kept.home, "PRAGMA user_version = 99")
        said = kept.devos("audit", *words)
        assert said.code == 1 and "newer" in said.err + said.out
