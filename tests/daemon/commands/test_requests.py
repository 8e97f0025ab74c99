"""say, hear, intents: from a sentence to its exit code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.daemon.conftest import Answers, House

RUN = {
    *("run", "utterance", "intent", "slots", "tier", "status", "steps", "said", "ms", "cost_usd"),
}
STEP = {
    *("n", "action", "args", "decision", "rule", "approved_by", "via", "status", "started", "ms", "result"),
}
APPROVAL = {"id", "run", "subject", "level", "plan", "digest", "because", "created", "expires", "status", "opened"} | {
    "asker",
    "left_to",
    "asked_from",
    "group",
    "votes",
    "given",
    "reason",
}
QUESTION = "how many replicas does web-app have in production"
SCALE = "scale the web-app deployment to 10 replicas and monitor the rollout"
STAGING = "set checkout to six pods in staging"
RECORDING = Path(__file__).parents[3] / "demo" / "scale-web-app.flac"


def test_a_question_is_answered_at_once(house: House) -> None:
    said = house.process("say", QUESTION)
    assert said.code == 0 and "web-app has 4 replicas in production, all ready." in said.out
    said = house.process("say", QUESTION, "--json")
    assert said.code == 0 and said.json["status"] == "done" and not said.err
    assert said.json.keys() >= RUN
    (step,) = said.json["steps"]
    assert step.keys() >= STEP and step["action"] == "kubernetes.deployment" and step["status"] == "done"


def test_from_a_sentence_to_ten_replicas(house: House) -> None:
    asked = house.process("say", SCALE, "--wait", "--json")
    assert asked.code == 4 and asked.json["status"] == "asking"
    assert asked.json["utterance"] == {"text": SCALE, "channel": "typed", "confidence": 1.0}
    assert asked.json["slots"].items() >= {"deployment": "web-app", "replicas": 10, "namespace": "production"}.items()
    assert not house.changes("kubernetes"), "nothing was done before it was agreed to"
    (approval,) = house.devos("approvals", "--json").json
    assert approval.keys() == APPROVAL and approval["run"] == asked.json["run"]
    assert house.devos("approve", approval["id"]).code == 0
    run = house.end_of(asked.json["run"])
    assert run["status"] == "done" and {step["status"] for step in run["steps"]} == {"done"}
    assert run["said"].startswith("web-app in production went from 4 to 10 replicas, 10 of them ready.")
    state = house.devos("sandbox", "state", "--json").json
    assert state["kubernetes"]["deployments"]["production/web-app"]["replicas"] == 10
    (scale,) = house.changes("kubernetes")
    assert scale["path"].partition("?")[0].endswith("/deployments/web-app/scale")


def test_a_plan_shows_everything_and_does_nothing(house: House) -> None:
    runs = len(house.ask("runs", limit=1000)["runs"])
    said = house.devos("say", SCALE, "--plan")
    assert said.code == 0
    for shown in (
        "Scale web-app in production from 4 to 10 replicas",
        "confirm: changes-in-production, careful.cedar:",
        "deployment='web-app', namespace='production', replicas=10",
        "undo: Scale it back to 4 replicas",
    ):
        assert shown in said.out
    assert re.search(r"^digest [0-9a-f]{64}$", said.out, re.M)
    plan = house.devos("say", SCALE, "--plan", "--json").json
    assert plan["digest"] in said.out and plan["level"] == "confirm" and plan["intent"] == "scale_deployment"
    (change,) = plan["plan"]
    assert change["args"] == {"deployment": "web-app", "namespace": "production", "replicas": 10}
    assert not house.changes("kubernetes") and not house.devos("approvals", "--json").json
    assert len(house.ask("runs", limit=1000)["runs"]) == runs


def test_the_plan_of_a_question_is_its_answer(house: House) -> None:
    said = house.devos("say", QUESTION, "--plan")
    assert said.code == 0 and "web-app has 4 replicas" in said.out and "Nothing would be changed." in said.out


def test_a_plan_that_would_fail(house: House) -> None:
    house.sandbox.fault(system="kubernetes", kind="status", status=403, times=None)
    said = house.devos("say", SCALE, "--plan")
    assert said.code == 1 and said.out.startswith("It would fail: ")
    plan = house.devos("say", SCALE, "--plan", "--json")
    assert plan.code == 1 and plan.json["failed"]


def test_without_waiting_it_returns_as_soon_as_it_is_started(house: House) -> None:
    said = house.devos("say", STAGING, "--no-wait", "--json")
    assert said.code == 0 and said.json["run"]
    run = house.end_of(said.json["run"])
    assert run["status"] == "done"
    assert house.replicas("staging/checkout") == 6
    said = house.devos("say", "set checkout to seven pods in staging", "--no-wait")
    assert said.code == 0 and "goes on; `devos runs show" in said.out


def test_plain_lines_in_a_pipe_one_for_each_step(house: House) -> None:
    lines = house.devos("say", STAGING).out.splitlines()
    assert lines[0].startswith("run ") and "scale_deployment(deployment=checkout, replicas=6" in lines[0]
    steps = [line for line in lines if re.match(r"  +\d+ ok ", line)]
    assert [line.split()[2].partition("(")[0] for line in steps] == [
        *("kubernetes.deployment", "kubernetes.scale", "kubernetes.rollout", "rancher.workload", "newrelic.usage")
    ]
    assert lines[-1].startswith("checkout in staging went from 2 to 6 replicas")
    assert "\x1b" not in "".join(lines)


def test_a_step_waits_for_its_approval_in_words(house: House) -> None:
    said = house.devos("say", SCALE)
    assert said.code == 4
    (approval,) = house.devos("approvals", "--json").json
    assert f"yes: devos approve {approval['id']}   no: devos deny {approval['id']}" in said.out


def test_what_is_not_understood(house: House) -> None:
    said = house.devos("say", "make me a sandwich")
    assert said.code == 5 and not said.out and "know no such request" in said.err
    said = house.devos("say", "make me a sandwich", "--json")
    assert said.code == 5 and not said.err and {"error", "heard", "nearest", "missing"} <= said.json.keys()
    assert house.devos("say", "").code == 5


def test_a_name_that_does_not_exist_is_answered_with_the_nearest(house: House) -> None:
    said = house.devos("say", "scale web-ap to 5")
    assert said.code == 5
    assert said.err.splitlines() == [
        "there is no deployment 'web-ap' in production; did you mean web-app?",
        "You could say:",
        '  "scale web-app to 5"',
    ]


def test_there_are_only_so_many_channels(house: House) -> None:
    said = house.devos("say", QUESTION, "--as", "telepathy")
    assert said.code == 2 and "voice, file, typed, hotkey, web" in said.err
    assert house.devos("say", QUESTION, "--as", "voice", "--json").json["utterance"]["channel"] == "voice"


def test_failure_is_said_with_code_1(house: House) -> None:
    house.sandbox.settings(pods_never_ready=["staging/checkout"])
    said = house.devos("say", STAGING)
    assert said.code == 1
    assert "checkout is stuck at 2 of 6 ready replicas: " in said.out.splitlines()[-1]
    said = house.devos("runs", "--json").json[0]
    assert said["status"] == "failed" and said["steps"][-1]["status"] == "failed"


def test_text_from_outside_is_harmless(house: House) -> None:
    said = house.devos("say", "how \x1b[31mmany\x1b[0m\x07 apples")
    assert said.code == 5 and "\x1b" not in said.err and "\x07" not in said.err


@pytest.mark.parametrize("json", [False, True])
@pytest.mark.parametrize(
    "words",
    [
        *(("say", "x"), ("hear", "x.wav"), ("runs",), ("runs", "show", "x"), ("runs", "cancel", "x"), ("undo", "x")),
        *(("approvals",), ("approve", "x"), ("deny", "x"), ("intents", "test", "x"), ("runs", "resume", "x")),
    ],
    ids=" ".join,
)
def test_without_a_daemon_every_command_says_so(empty: House, words: tuple[str, ...], json: bool) -> None:
    said = empty.devos(*words, *(["--json"] if json else []))
    assert said.code == 1
    text = said.json["error"] if json else said.err
    assert text.startswith(f"DevOS is not running for {empty.home}.") and "devos run --sandbox" in text
    assert said.err == "" if json else said.out == ""


def test_a_daemon_that_dies_meanwhile(answers: Answers, empty: House) -> None:
    begun: dict[str, Any] = {"run": "r", "status": "running", "steps": [], "said": None, "approvals": []}
    begun |= {"intent": "count", "slots": {}, "waits_for": None, "doing": None}
    empty.home = answers({"run": begun}, end=False)
    said = empty.devos("say", "x", "--json")
    assert said.code == 1 and "went away" in said.json["error"]
    assert set(said.out) & {"{"}


class TestHear:
    def test_a_recording_takes_the_same_way(self, house: House) -> None:
        said = house.devos("hear", str(RECORDING), "--json")
        assert said.code == 4 and said.json["slots"]["replicas"] == 10
        assert said.json.keys() >= RUN | {"transcript", "timings", "confidence", "model"}
        assert said.json["utterance"]["channel"] == "file"
        planned = house.devos("hear", str(RECORDING), "--plan")
        assert planned.code == 0 and planned.out.startswith("heard: ") and "from 4 to 10 replicas" in planned.out

    def test_what_holds_no_sound(self, house: House, tmp_path: Path) -> None:
        (tmp_path / "empty.wav").touch()
        (tmp_path / "text.wav").write_text("scale web-app to 10")
        for name in ("empty.wav", "text.wav", "missing.wav", "."):
            said = house.devos("hear", str(tmp_path / name), "--json")
            assert said.code == 2 and said.json["error"], name
            said = house.devos("hear", str(tmp_path / name))
            assert said.code == 2 and name in said.err and not said.out, name

    def test_silence(self, house: House, tmp_path: Path) -> None:
        import wave

        with wave.open(str(tmp_path / "silence.wav"), "wb") as file:
            file.setparams((1, 2, 16_000, 0, "NONE", ""))
            file.writeframes(bytes(2 * 16_000))
        said = house.devos("hear", str(tmp_path / "silence.wav"), "--json")
        assert said.code == 5 and said.json["error"]


class TestIntents:
    def test_what_it_understands(self, empty: House) -> None:
        listed = empty.devos("intents", "--json")
        assert listed.code == 0
        assert {each["intent"]: each["tier"] for each in listed.json} == {
            "scale_deployment": "medium",
            "deploy_service": "complex",
            "count_replicas": "simple",
        }
        said = empty.devos("intents").out
        assert "scale_deployment (medium, ctrl+alt+k)" in said and "count_replicas (simple)\n" in said
        assert all(f'"{sentence}"' in said for each in listed.json for sentence in each["sentences"])

    def test_how_it_understands_a_sentence(self, house: House) -> None:
        said = house.devos("intents", "test", "scale web app to five", "--json")
        assert said.code == 0 and said.json.keys() == {"intent", "slots", "tier", "confidence", "stage", "ms"}
        assert said.json["intent"] == "scale_deployment" and said.json["slots"]["replicas"] == 5
        said = house.devos("intents", "test", "scale web app to five")
        assert said.out.startswith(
            "scale_deployment(deployment=web-app, replicas=5, namespace=production)\ntier medium"
        )
        assert not house.changes("kubernetes")

    def test_what_it_does_not_understand(self, house: House) -> None:
        said = house.devos("intents", "test", "scale web-ap to 5", "--json")
        assert said.code == 5 and said.json["intent"] is None and said.json["slots"] == {}
        assert said.json["error"] == "there is no deployment 'web-ap' in production; did you mean web-app?"
        assert any("web-app" in each for each in said.json["nearest"])
        said = house.devos("intents", "test", "scale web-ap to 5")
        assert said.code == 5 and "did you mean web-app?" in said.err and not said.out

    @pytest.mark.parametrize("words", [("try", "x"), ("test",)], ids=" ".join)
    def test_another_word(self, empty: House, words: tuple[str, ...]) -> None:
        said = empty.devos("intents", *words)
        assert said.code == 2 and "devos intents test TEXT" in said.err
