from __future__ import annotations

import pytest

from daemon.speaking.wording import LONGEST, for_the_ear, sentences


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Scale web-app in prod from 3 → 10", "Scale web app in production from 3 to 10"),
        ("DEV-456 is done", "dev 4 5 6 is done"),
        ("PERF-12, CODE-7", "perf 1 2, code 7"),
        ("XKCD-9", "X K C D 9"),
        ("CHG0030001 waits", "C H G 3 0 0 0 1 waits"),
        ("see https://jira.example.com/browse/DEV-456?x=1.", "see a page at jira dot example dot com."),
        ("http://user:secret@host.example/x", "a page at host dot example"),
        ("85% of 1.5s, 120ms, 2 GB, 1h", "85 percent of 1.5 seconds, 120 milliseconds, 2 gigabytes, 1 hour"),
        ("`payment_service` and createUser", "payment service and create User"),
        ("the staging-db and user-api", "the staging d b and user a p i"),
        ("v1.2.3 in us-east-1", "version 1 point 2 point 3 in u s east 1"),
        ("kubernetes.scale in main.py", "kubernetes dot scale in main dot py"),
        ("/etc/devos/config.toml", "config dot toml"),
        ("bob.smith@corp.example.com", "bob dot smith at corp dot example dot com"),
        ("3/10 ready, $1,234.50 & more", "3 of 10 ready, 1234.50 dollars and more"),
        ("commit 3f2a9c1d77aa00bb", "commit a long identifier"),
        ("550e8400-e29b-41d4-a716-446655440000", "a long identifier"),
        ("**Done**: replicas = 3", "Done: replicas is 3"),
        ("- one\n- two", "one\ntwo"),
        ("[the page](https://example.com/a)", "the page"),
        ("≥ 3, e.g. 4", "at least 3, for example 4"),
        ("stg and the preprod one", "staging and the pre production one"),
        ("Say confirm tango seven, or no.", "Say confirm tango seven, or no."),
    ],
)
def test_says_what_is_written_as_people_say_it(written: str, said: str) -> None:
    assert for_the_ear(written) == said


def test_says_nothing_that_cannot_be_seen() -> None:
    assert for_the_ear("de\u200bploy\x1b[31m \u202eweb") == "deploy web"


def test_splits_an_answer_into_sentences() -> None:
    text = 'Scale web app? "Yes." It takes 2.5 minutes.\nDone'
    assert sentences(text) == ("Scale web app?", '"Yes."', "It takes 2.5 minutes.", "Done")


def test_has_nothing_to_say_without_a_word() -> None:
    assert sentences(" ... \n - ") == ()


def test_cuts_a_long_sentence_where_a_breath_is_taken() -> None:
    clause = "this part of the sentence goes on for quite a while, "
    parts = sentences(clause * 10 + "and ends.")
    assert len(parts) > 1
    assert all(len(each) <= LONGEST for each in parts)
    assert all(each.endswith(",") for each in parts[:-1])
    assert " ".join(parts) == (clause * 10 + "and ends.")


@pytest.mark.parametrize("text", ["word " * 200, "x" * 1000])
def test_cuts_a_long_sentence_without_a_comma_all_the_same(text: str) -> None:
    parts = sentences(text)
    assert all(len(each) <= LONGEST for each in parts)
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")
