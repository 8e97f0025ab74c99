"""A person talks with DevOS: real understanding, runs, rules, questions; only voice, ear and clock are the test's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from daemon.conversation.pending import EXPIRES

if TYPE_CHECKING:
    from tests.daemon.conversation.talk import Talk


async def test_a_request_is_carried_out_and_its_outcome_is_said(talk: Talk) -> None:
    await talk.says("Scale checkout to 7 in staging.")
    assert await talk.mouth.says("went from") == "checkout in staging went from 4 to 7 replicas."
    assert talk.mouth.sounds == ["understood", "done"]
    (run,) = await talk.runs("done")
    assert (run["utterance"]["text"], run["utterance"]["channel"]) == ("Scale checkout to 7 in staging.", "voice")


async def test_what_is_missing_is_asked_for_and_answered_in_a_word(talk: Talk) -> None:
    await talk.says("scale checkout in staging")
    assert talk.mouth.said == ["How many replicas?"]
    assert talk.ear.done == ["listen question"]
    await talk.says("Ten.", "question")
    await talk.mouth.says("from 4 to 10")
    (run,) = await talk.runs("done")
    assert run["utterance"]["text"] == "scale checkout in staging; Ten."
    assert talk.changes() == [("checkout", "staging", 10)]


async def test_a_change_in_production_is_confirmed_aloud(talk: Talk) -> None:
    await talk.says("scale web-app to 6")
    await talk.mouth.says("Scale web-app in production from 4 to 6.")
    await talk.ear.listens(1)
    assert talk.changes() == []
    await talk.says("yes", "question")
    await talk.ear.listens(2)
    assert talk.changes() == []
    await talk.says(f"Confirm {talk.words}.", "question")
    await talk.mouth.says("went from 4 to 6")
    assert talk.changes() == [("web-app", "production", 6)]
    assert talk.mouth.most_at_once == 1
    assert not any("confirm" in text.casefold() for text in talk.house.understood)


async def test_a_no_ends_it_and_is_told_once(talk: Talk) -> None:
    await talk.says("scale web-app to 6")
    await talk.ear.listens(1)
    await talk.says("No.", "question")
    await talk.runs("denied")
    await talk.mouth.says("All right")
    await talk.says("what are you doing")
    assert talk.mouth.said[-2:] == ["All right, it is not done.", "Nothing is under way."]
    assert talk.changes() == []


async def test_a_correction_takes_the_place_of_what_was_not_carried_out_yet(talk: Talk) -> None:
    await talk.says("scale web-app to 6")
    await talk.ear.listens(1)
    await talk.says("No, I meant staging.", "question")
    await talk.mouth.says("web-app in staging went from 4 to 6")
    (cancelled,) = await talk.runs("cancelled")
    assert cancelled["slots"]["namespace"] == "production"
    assert talk.changes() == [("web-app", "staging", 6)]
    assert not any("cancelled" in each for each in talk.mouth.said)


async def test_a_request_that_began_is_not_corrected_although_it_asks_about_its_plan(talk: Talk) -> None:
    async def announcing(devos: Any, deployment: str, replicas: int, namespace: str, ticket: str | None) -> str:
        await devos.kubernetes.announce(f"{deployment} is going to be scaled.")
        return str((await devos.kubernetes.scale(deployment, namespace, replicas)).replicas)

    talk.devos.requests["scale_deployment"] = announcing
    await talk.says("scale web-app to 6")
    await talk.ear.listens(1)
    await talk.says("make that five", "question")
    assert talk.mouth.said[-1].startswith("It is too late to change that")
    assert [run["slots"]["replicas"] for run in await talk.runs("asking")] == [6]


@pytest.mark.parametrize(
    ("correction", "asked"),
    [
        ("make that five", "Scale web-app in production from 4 to 5."),
        ("not web-app, checkout", "Scale checkout in production from 4 to 6."),
    ],
)
async def test_each_slot_can_be_corrected(talk: Talk, correction: str, asked: str) -> None:
    await talk.says("scale web-app to 6")
    await talk.ear.listens(1)
    await talk.says(correction, "question")
    await talk.mouth.says(asked)
    await talk.ear.listens(2)
    await talk.says(f"confirm {talk.words}", "question")
    (done,) = await talk.runs("done")
    assert len(talk.changes()) == 1
    assert done["slots"]["ticket"] is None


async def test_after_a_no_a_correction_starts_it_anew(talk: Talk) -> None:
    await talk.says("scale web-app to 6")
    await talk.ear.listens(1)
    await talk.says("no", "question")
    await talk.runs("denied")
    await talk.says("I meant staging")
    await talk.mouth.says("web-app in staging went from 4 to 6")


async def test_a_question_is_put_again_for_another_place(talk: Talk) -> None:
    await talk.says("how many replicas does web-app have in production")
    await talk.mouth.says("web-app has 4 replicas in production")
    await talk.says("No, I meant staging.")
    await talk.mouth.says("web-app has 4 replicas in staging")


async def test_what_was_carried_out_is_not_corrected(talk: Talk) -> None:
    await talk.says("scale web-app to 6 in staging")
    await talk.mouth.says("went from 4 to 6")
    await talk.says("make that five")
    assert talk.mouth.said[-1].startswith("It is too late to change that")
    assert talk.changes() == [("web-app", "staging", 6)]


async def test_of_two_readings_the_person_chooses_one(talk: Talk) -> None:
    await talk.says("scale authentication api to 5 in staging")
    assert talk.mouth.said == ["Do you mean auth-api or authn-api?"]
    await talk.says("The second one.", "question")
    await talk.mouth.says("authn-api in staging went from 4 to 5")


async def test_a_name_that_does_not_exist_is_offered_never_taken(talk: Talk) -> None:
    await talk.says("scale web-ap to 5 in staging")
    assert talk.mouth.said == ["there is no deployment 'web-ap' in staging; did you mean web-app?"]
    assert talk.changes() == []
    await talk.says("Yes.", "question")
    await talk.mouth.says("web-app in staging went from 4 to 5")


async def test_whoever_does_not_answer_is_asked_once_more(talk: Talk) -> None:
    await talk.says("scale web-app")
    await talk.silence()
    assert talk.mouth.said == ["How many replicas?"] * 2
    await talk.silence()
    assert talk.mouth.said[2:] == ["How many replicas? Say the request again when you like."]
    await talk.says("ten")
    assert talk.mouth.said[-1].startswith("I heard '10'")


async def test_a_question_expires(talk: Talk) -> None:
    await talk.says("scale web-app")
    talk.clock.moves(EXPIRES + 1)
    await talk.says("ten")
    assert talk.mouth.said[-1].startswith("I heard '10'")
    assert await talk.house.running() == []


@pytest.mark.parametrize("words", ["never mind", "Cancel that.", "no", "forget it"])
async def test_a_question_can_be_dropped(talk: Talk, words: str) -> None:
    await talk.says("scale web-app")
    await talk.says(words, "question")
    assert talk.mouth.said == ["How many replicas?", "All right."]
    await talk.says("ten")
    assert talk.mouth.said[-1].startswith("I heard '10'")


async def test_a_question_is_not_asked_for_ever(talk: Talk) -> None:
    await talk.says("scale web-app")
    for _ in range(4):
        await talk.says("lots", "question")
    assert talk.mouth.said[-1].endswith("I give up; say the whole request again.")
    assert talk.ear.listened == 4


async def test_cancel_gives_up_the_run_that_is_under_way(talk: Talk) -> None:
    talk.devos.brake.freeze()
    await talk.says("scale web-app to 6 in staging")
    assert await talk.mouth.says("waits") == "It waits: `devos thaw`: every change is frozen."
    await talk.says("cancel that")
    assert talk.mouth.said[-1] == "Cancelled: scale web-app to 6 in staging."
    await talk.runs("cancelled")
    await talk.says("cancel")
    assert talk.mouth.said[-1] == "Nothing is under way."


@pytest.mark.parametrize(
    ("answer", "left"),
    [("the first one", 1), ("the staging one", 1), ("checkout", 1), ("both", 0), ("something else", 2)],
)
async def test_of_several_runs_it_asks_which_to_cancel(talk: Talk, answer: str, left: int) -> None:
    talk.devos.brake.freeze()
    await talk.says("scale web-app to 6 in staging")
    await talk.says("scale checkout to 2 in staging")
    await talk.says("what are you doing")
    under_way = "2 requests are under way: scale checkout to 2 in staging, which"
    assert any(text.startswith(under_way) for text in talk.mouth.said), "that they wait may be said before or after"
    await talk.says("cancel")
    assert talk.mouth.said[-1] == "Which one: scale checkout to 2 in staging or scale web-app to 6 in staging?"
    await talk.says("web-app" if answer == "the staging one" else answer, "question")
    assert len(await talk.house.running()) == left


async def test_what_is_under_way_is_told_in_a_sentence(talk: Talk) -> None:
    await talk.says("what are you doing?")
    assert talk.mouth.said[-1] == "Nothing is under way."
    await talk.says("scale web-app to 6")
    await talk.ear.listens(1)
    await talk.says("What are you doing?", "question")
    assert talk.mouth.said[-1] == "One request is under way: scale web-app to 6, which waits for an answer."
    assert talk.ear.listened == 2  # and the question still is listened for
    await talk.says(f"confirm {talk.words}", "question")
    await talk.runs("done")


async def test_stop_silences_it_and_leaves_what_is_asked_open(talk: Talk) -> None:
    await talk.says("scale web-app to 6")
    await talk.ear.listens(1)
    await talk.says("Stop.", "question")
    (run,) = await talk.runs("asking")
    assert run["approvals"]
    said = list(talk.mouth.said)
    await talk.says(f"confirm {talk.words}")
    assert talk.mouth.said[len(said) :] == ["Nothing is being asked."]
    assert talk.changes() == []


async def test_stop_cuts_off_what_is_being_said(talk: Talk) -> None:
    talk.mouth.slow = True
    await talk.conversation.tell(talk.sentence("what are you doing", "wake"))
    await talk.mouth.says("Nothing")
    assert talk.mouth.speaking
    await talk.conversation.tell(talk.sentence("stop", "wake"))
    await talk.deals()
    assert not talk.mouth.speaking


async def test_repeat_says_the_last_thing_again(talk: Talk) -> None:
    await talk.says("say that again")
    await talk.says("what are you doing")
    await talk.says("repeat that")
    assert talk.mouth.said == ["I have said nothing yet.", *["Nothing is under way."] * 2]


async def test_freeze_works_by_voice_and_by_key_and_thaw_by_neither(talk: Talk) -> None:
    await talk.says("Freeze everything!")
    assert talk.devos.brake.on
    assert talk.mouth.said[-1] == "Every change is frozen. To end that, type devos thaw."
    await talk.says("thaw")
    assert talk.devos.brake.on
    talk.devos.brake.thaw()
    await talk.presses("freeze")
    assert talk.devos.brake.on


async def test_words_that_confirm_are_kept_from_everything_else(talk: Talk) -> None:
    await talk.says("Confirm tango seven.")
    assert talk.mouth.said == ["Nothing is being asked."]
    assert talk.house.understood == []


async def test_what_could_not_be_heard_is_said_once(talk: Talk) -> None:
    await talk.silence("wake", "There is speech in the recording, but it cannot be made out.")
    assert talk.mouth.said == ["There is speech in the recording, but it cannot be made out."]
    await talk.silence("wake")
    assert len(talk.mouth.said) == 1


async def test_what_nobody_can_do_is_said_with_an_example(talk: Talk) -> None:
    await talk.says("order a pizza")
    assert talk.mouth.said == ["I heard 'order a pizza', and know no such request."]
    await talk.says("how many replicas are there anyway in the whole world of checkout")
    assert "You can say: " in talk.mouth.said[-1]


async def test_where_nothing_can_be_recorded_nothing_is_started(talk: Talk) -> None:
    talk.house.broken = True
    await talk.says("scale web-app to 6 in staging")
    assert talk.mouth.said == ["Nothing was started, because the audit log cannot be written."]


async def test_a_failure_is_said_and_sounded(talk: Talk) -> None:
    talk.devos.wire.before("scale", RuntimeError("boom"))
    await talk.says("scale web-app to 6 in staging")
    assert (await talk.mouth.says("That failed.")).startswith("That failed. kubernetes.scale ended in a fault of DevOS")
    assert talk.mouth.sounds == ["understood", "failed"]


async def test_what_somebody_else_has_to_approve_is_said(talk: Talk) -> None:
    talk.devos.rule(
        '@id("leads") @approval("approve") permit(principal, action == Action::"kubernetes.restart", resource);'
    )
    await talk.says("deploy checkout to staging")
    assert await talk.mouth.says("It waits") == "It waits: somebody else has to approve it."
    assert talk.mouth.sounds[-1] == "waiting"


async def test_a_fault_of_its_own_does_not_end_the_conversation(talk: Talk) -> None:
    talk.house.understand = None  # type: ignore[method-assign, assignment]  # whatever goes wrong there
    await talk.says("scale web-app to 6 in staging")
    assert talk.mouth.sounds == ["failed"]
    await talk.says("what are you doing")
    assert talk.mouth.said == ["Nothing is under way."]


@pytest.mark.parametrize("said", ["well um confirm {words}", "{words}, please do", "conform {words}"])
async def test_a_confirmation_that_went_wrong_is_kept_from_everything_else_too(talk: Talk, said: str) -> None:
    await talk.says("scale web-app to 6")
    await talk.ear.listens(1)
    words = talk.words
    await talk.says("scale checkout in staging")  # and it asks how many replicas
    await talk.says(said.format(words=words))
    assert not any(words in text for text in talk.house.understood)
    assert not any(words in run["utterance"]["text"] for run in await talk.runs("asking"))
    assert talk.changes() == []
