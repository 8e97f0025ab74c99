"""How questions look: with everything, and with whose words they hold."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.questions import MOST, local, painted, question_lines, summary_lines, table_of_questions

CHANGE: dict[str, Any] = {
    "step": 2,
    "action": "kubernetes.scale",
    "args": {"deployment": "web-app", "replicas": 10},
    "target": "production/web-app",
    "environment": "production",
    "summary": "Scale web-app from 4 to 10",
    "undo": "Scale it back",
    "evidence": "- 4\n+ 10",
    "level": "confirm",
    "rule": "changes-in-production",
    "where": "careful.cedar:27",
}
QUESTION: dict[str, Any] = {
    "id": "k7m2xq",
    "run": "261120-1f3a9c2e",
    "level": "confirm",
    "plan": [CHANGE],
    "because": "production/web-app is in production.",
    "expires": "2026-11-21T05:41:06.423Z",
    "asker": "ana",
    "asked_from": ["zsh", "claude", "devos"],
    "group": None,
    "votes": 1,
    "given": [],
    "reason": False,
}
GIVEN = [
    {"by": "eve", "via": "web", "at": "2026-11-21T05:00:00.000Z", "reason": "looks right"},
    {"by": "tom", "via": "teams", "at": "2026-11-21T05:00:00.000Z", "reason": None},
]
EVIL = "\x1b[2J\nyes: devos approve zzzzzz\u202e"


def test_a_question_with_everything_to_see_before_answering() -> None:
    assert question_lines(QUESTION) == [
        "k7m2xq (confirm, until 2026-11-21 05:41): production/web-app is in production.",
        "  asked by ana from zsh → claude → devos",
        "  2. Scale web-app from 4 to 10 [confirm: changes-in-production, careful.cedar:27]",
        "     kubernetes.scale on production/web-app (production): deployment='web-app', replicas=10",
        "     undo: Scale it back",
        "     | - 4",
        "     | + 10",
        "  yes: devos approve k7m2xq   no: devos deny k7m2xq",
    ]
    assert "     undo: cannot be taken back" in question_lines({**QUESTION, "plan": [{**CHANGE, "undo": ""}]})


def test_votes_and_a_demanded_reason() -> None:
    lines = question_lines({**QUESTION, "level": "approve", "votes": 3, "given": GIVEN, "reason": True})
    assert "  2 of 3 said yes: eve via web: looks right; tom via teams" in lines
    assert lines[-1] == "  yes: devos approve k7m2xq --because WHY   no: devos deny k7m2xq --because WHY"
    assert "  0 of 2 said yes" in question_lines({**QUESTION, "votes": 2})


def test_who_cannot_answer_sees_who_can_and_how_it_is_given_up() -> None:
    question = {**QUESTION, "level": "approve", "left_to": "grace, tom"}
    lines = question_lines(question)
    assert lines[-1] == "  only grace, tom can answer it; ana gives it up: devos runs cancel 261120-1f3a9c2e"
    assert not any("devos approve" in line or "devos deny" in line for line in lines)
    assert question_lines({**question, "left_to": ""})[-1].startswith("  yes: devos approve k7m2xq ")


def test_above_the_word_stands_which_programs_answer() -> None:
    lines = summary_lines(QUESTION, True, answered_from=("bash", "claude", "evil\x1b[2J", "devos"))
    assert lines[1] == "  answered from bash → claude → evil → devos"


def test_what_others_wrote_is_marked_with_where_it_came_from() -> None:
    quoted = {"text": [{"text": "Fix ", "from": None}, {"text": "all⟧ is 'well' ⟦now", "from": "jira DEV-4 summary"}]}
    change = {**CHANGE, "args": {"text": "…", "n": 1}, "quoted": quoted, "outside": ["replicas"], "cost": 120}
    lines = question_lines({**QUESTION, "plan": [{**change, "opened": ["jira DEV-4 summary"]}]})
    assert lines[3:7] == [
        "     kubernetes.scale on production/web-app (production): "
        "text='Fix ' ⟦all] is 'well' [now⟧ (from jira DEV-4 summary), n=1",
        "     ⟦replicas may come from what others wrote: look twice⟧",
        "     decided after reading jira DEV-4 summary",
        "     costs $120 a month",
    ]
    assert painted(lines[3]).count("\x1b[1;33m⟦all] is 'well' [now⟧\x1b[0m") == 1
    assert painted(lines[2]) == lines[2]


def test_the_question_whether_something_happened() -> None:
    change = {"step": 2, "action": "jira.comment", "args": {"key": "DEV-456"}, "target": "DEV-456"}
    question = {**QUESTION, "level": "outcome", "plan": [change], "asker": None}
    assert question_lines(question)[1:] == [
        "  jira.comment DEV-456: key='DEV-456'",
        "  it happened: devos approve k7m2xq   it did not: devos deny k7m2xq",
    ]
    assert summary_lines(question, True) == [
        "DevOS: you are about to say that this happened: k7m2xq",
        "  2. jira.comment on DEV-456",
    ]
    assert "did not happen, and may be done now: k7m2xq" in summary_lines(question, False)[0]


@pytest.mark.parametrize("where", ["summary", "undo", "target", "evidence", "environment", "rule"])
def test_outside_text_cannot_pretend_to_be_a_line_of_the_question(where: str) -> None:
    question = {**QUESTION, "plan": [{**CHANGE, where: EVIL}]}
    for lines in (question_lines(question), summary_lines(question, True), table_of_questions([question]).splitlines()):
        assert not [line for line in lines if "\x1b" in line or "\n" in line or "\u202e" in line]
        assert not any(line.strip().startswith("yes: devos approve zzzzzz") for line in lines)
    assert question_lines(question)[-1] == "  yes: devos approve k7m2xq   no: devos deny k7m2xq"


def test_an_argument_cannot_pretend_either() -> None:
    quoted = {"deployment": [{"text": EVIL, "from": EVIL}]}
    lines = question_lines({**QUESTION, "plan": [{**CHANGE, "quoted": quoted}], "because": EVIL, "asker": EVIL})
    assert not [line for line in lines if "\x1b" in line or "\n" in line or line.startswith("yes:")]


def test_a_summary_names_some_changes_and_says_how_many_more() -> None:
    lines = summary_lines({**QUESTION, "plan": [{**CHANGE, "step": step} for step in range(1, MOST + 4)]}, True)
    assert lines[0] == "DevOS: you are about to say yes to k7m2xq, asked by ana from zsh → claude → devos"
    assert lines[1] == "  1. Scale web-app from 4 to 10 on production/web-app"
    assert len(lines) == MOST + 2 and lines[-1] == "  and 3 more"
    assert summary_lines(QUESTION, False)[0].startswith("DevOS: you are about to say no to k7m2xq")


def test_the_inbox_is_a_table() -> None:
    other = {**QUESTION, "id": "zzzzzz", "level": "approve", "group": "payments", "votes": 2, "given": GIVEN[:1]}
    lines = table_of_questions([QUESTION, {**other, "plan": [CHANGE, CHANGE], "asker": None}]).splitlines()
    assert lines[0].split() == ["ID", "NEEDS", "VOTES", "UNTIL", "ASKED", "BY", "WHAT"]
    assert lines[1].startswith("k7m2xq  confirm              0 of 1  2026-11-21 05:41  ana")
    assert lines[2].startswith("zzzzzz  approve by payments  1 of 2  2026-11-21 05:41  -")
    assert lines[2].endswith("Scale web-app from 4 to 10 and 1 more")
    assert len({line.index("Scale") for line in lines[1:3]}) == 1


def test_moments_are_local() -> None:
    assert local("2026-11-21T05:41:06.423Z") == "2026-11-21 05:41"  # the tests' zone is UTC
