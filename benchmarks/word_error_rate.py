"""How many words are misheard: 40 commands of developers by four synthetic voices, and people where there are any.

`word_error_rate.py [COMMANDS] [--write]`; with --write, all of it is measured and docs/hearing.md gets its table.

A word error rate is what has to be put in, taken out or exchanged to turn what was heard into what was said, over the
words that were said. Both are brought into one form first: lower case, numbers in digits ("seven eight nine" is "789"),
hyphens and punctuation as spaces, apostrophes dropped. A sentence that is refused counts as all of its words.
"""

import csv
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from _machine import line
from text_to_num import alpha2digit

from daemon.hearing.endpoint import SECONDS, Endpointer, Pace
from daemon.hearing.evidence import NoSpeech
from daemon.hearing.frames import FRAME, RATE, Frame
from daemon.hearing.prompt import prompt_of
from daemon.hearing.recording import read
from daemon.hearing.transcription import Transcriber
from daemon.hearing.voice_activity import VoiceDetector
from daemon.hearing.weights import Places, find
from daemon.hearing.whisper import load

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
PAGE = ROOT / "docs" / "hearing.md"
BEGIN, END = "<!-- word error rate -->", "<!-- end of word error rate -->"
CATALOGUE = ["web-app", "checkout", "payment-service", "user-auth-service", "notification-service", "analytics-service"]

COMMANDS = """
scale the web app deployment to ten replicas and monitor the rollout
scale checkout to six replicas in staging
set the payment service to fifteen pods
give the analytics service two more replicas
how many replicas does the notification service have
how many pods of checkout are running in production
deploy the user authentication service to staging using CDK and create a change request
deploy the web app to production
roll back the last deployment of the payment service
restart the checkout pods in staging
the payment service is showing high error rates, investigate and create incident
create a new feature branch for Jira ticket DEV seven eight nine and set up development environment
move DEV four five six to in progress and assign it to me
add a comment to DEV seven eight nine that the fix is deployed
what is the status of DEV four five six
export the login screen designs from Figma and update the SharePoint design documentation
create a new RDS database using CDK for the analytics project
run security compliance check and generate audit report for SOX compliance
analyze performance across all microservices and suggest optimizations
set up complete project infrastructure for the new customer portal project
prepare for quarterly security audit
database performance degraded, orchestrate full incident response
connect GitHub MCP server and automate code review process
show me the logs of the web app in production
which services had errors in the last hour
open an incident for the checkout service with high urgency
close the incident and tell the team in Teams
who is on call tonight
what did we spend on AWS last month
approve the change request for the user authentication service
cancel the rollout of the web app
freeze all changes until tomorrow
merge the pull request and delete the branch
run the tests of the notification service
create a Jira story for the login page
undo the last change
no, I meant staging
stop what you are doing
what will it do
confirm tango seven
""".strip().splitlines()


def espeak(voice: str, text: str, file: Path) -> None:
    subprocess.run(["espeak-ng", "-v", voice, "-s", "160", "-w", str(file), text], check=True)


def flite(voice: str, text: str, file: Path) -> None:
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(file)], check=True)


VOICES = {
    "espeak-ng en-us": (espeak, "en-us"),
    "espeak-ng en-gb": (espeak, "en-gb"),
    "flite slt": (flite, "slt"),
    "flite rms": (flite, "rms"),
}


def plain(text: str) -> list[str]:
    """The words of a text in the one form that both texts are compared in."""
    lower = re.sub(r"['\u2019]", "", text.lower())
    counted = alpha2digit(" ".join(re.findall(r"[a-z0-9]+", lower)), "en", 0)
    return re.sub(r"(?<=\d) (?=\d)", "", counted).split()


def errors(said: list[str], heard: list[str]) -> int:
    """How many words have to be put in, taken out or exchanged."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(said, 1):
        before, row[0] = row[0], number
        for index, other in enumerate(heard, 1):
            before, row[index] = row[index], min(row[index] + 1, row[index - 1] + 1, before + (word != other))
    return row[-1]


def listened(samples: np.ndarray, voices: VoiceDetector) -> np.ndarray:
    """What the ear would cut out of the sound: from just before the first word to just after the last."""
    endpointer = Endpointer(Pace(0.5), longest=30.0, hold=True)
    voices.reset()
    sound = np.concatenate([np.zeros(RATE // 2, np.float32), samples, np.zeros(RATE // 2, np.float32)])
    for number, frame in enumerate(sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)):
        endpointer.hear(Frame(frame, number * SECONDS), voices.probability(frame))
    return endpointer.sound() if endpointer.spoken else samples


def clips(number: int, folder: Path) -> dict[str, list[tuple[str, np.ndarray]]]:
    """Who speaks → what is said, and its sound."""
    voices, found = VoiceDetector(), {}
    for name, (speak, voice) in VOICES.items():
        if shutil.which(name.split()[0]) is None:
            print(f"left out, because it is not installed: {name}", file=sys.stderr)
            continue
        found[name] = []
        for text in COMMANDS[:number]:
            speak(voice, text, folder / "spoken.wav")
            found[name].append((text, listened(read(folder / "spoken.wav").samples, voices)))
    table = SHARED / "audio" / "TRANSCRIPTS.tsv"
    if number < len(COMMANDS) or not table.is_file():
        return found
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    found["people (7 clips, not commands)"] = [
        (row["transcript"], listened(read(table.parent / row["file"]).samples, voices)) for row in rows
    ]
    return found


def models() -> dict[str, Path]:
    """The models to compare, and where they are."""
    here = {"tiny.en": find("tiny.en", Places.of(Path("no-home"), os.environ)).path}
    base = SHARED / "models" / "whisper-base.en-int8"
    if base.is_dir():
        return here | {"base.en": base}
    print("left out, because it is not on this machine: base.en", file=sys.stderr)
    return here


def main() -> None:
    write = "--write" in sys.argv
    given = [each for each in sys.argv[1:] if each != "--write"]
    number = len(COMMANDS) if write else min(len(COMMANDS), int(given[0])) if given else len(COMMANDS)
    prompt = prompt_of(CATALOGUE)
    rates: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    windows = {}
    with tempfile.TemporaryDirectory() as folder:
        spoken = clips(number, Path(folder))
    for model, path in models().items():
        transcriber = Transcriber(path, name=model)
        transcriber.load()
        for names, expected in (("no names", ""), ("names", prompt)):
            wrong, total, seconds = defaultdict(int), defaultdict(int), []
            for who, sentences in spoken.items():
                for said, sound in sentences:
                    began = time.perf_counter()
                    try:
                        heard = transcriber.write_down(sound, expected).text
                    except NoSpeech:
                        heard = ""
                    seconds.append(time.perf_counter() - began)
                    wrong[who] += errors(plain(said), plain(heard))
                    total[who] += len(plain(said))
            rates[model, names] = {who: wrong[who] / total[who] for who in spoken}
            voices = [who for who in spoken if who in VOICES]
            mean = sum(wrong[who] for who in voices) / sum(total[who] for who in voices)
            rates[model, names]["all four voices"] = mean
            line(
                f"word error rate, {model}, {'with' if expected else 'without'} the catalogue's names",
                100 * mean,
                "%",
                commands=number,
                median_s=round(statistics.median(seconds), 3),
                **{who: round(100 * rate, 1) for who, rate in rates[model, names].items() if who in spoken},
            )
        windows[model] = both_windows(transcriber, spoken, prompt)
        for window, (rate, median) in windows[model].items():
            line(f"word error rate, {model}, {window}", 100 * rate, "%", median_s=round(median, 3), commands=number)
    if write:
        put(rates, windows, [*spoken])


def both_windows(
    transcriber: Transcriber, spoken: dict[str, list[tuple[str, np.ndarray]]], prompt: str
) -> dict[str, tuple[float, float]]:
    """For the short window and the whole one: the error rate of the four voices, and the median time in seconds."""
    whisper = load(transcriber.weights)
    found = {}
    for name, whole in (("15 s", False), ("30 s", True)):
        wrong, total, seconds = 0, 0, []
        for who in VOICES.keys() & spoken.keys():
            for said, sound in spoken[who]:
                began = time.perf_counter()
                heard = whisper.write(whisper.look(sound, whole=whole), prompt).text
                seconds.append(time.perf_counter() - began)
                wrong += errors(plain(said), plain(heard))
                total += len(plain(said))
        found[name] = wrong / total, statistics.median(seconds)
    return found


def put(
    rates: dict[tuple[str, str], dict[str, float]], windows: dict[str, dict[str, tuple[float, float]]], who: list[str]
) -> None:
    """Write the tables into the page."""
    names = {"no names": "", "names": ", names expected"}
    columns = [(model, each) for model in windows for each in names]
    speakers = [each for each in who if each in VOICES] + ["all four voices"] + [e for e in who if e not in VOICES]
    lines = [
        "| words misheard | " + " | ".join(model + names[each] for model, each in columns) + " |",
        "|---|" + "---|" * len(columns),
        *(
            f"| {each} | " + " | ".join(f"{100 * rates[column][each]:.1f} %" for column in columns) + " |"
            for each in speakers
        ),
        "",
        "| Whisper looks at | " + " | ".join(f"{model}: misheard, time" for model in windows) + " |",
        "|---|" + "---|" * len(windows),
        *(
            f"| {window} | "
            + " | ".join(f"{100 * each[window][0]:.1f} %, {each[window][1]:.2f} s" for each in windows.values())
            + " |"
            for window in ("15 s", "30 s")
        ),
    ]
    before, rest = PAGE.read_text().split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(before + "\n".join([BEGIN, "", *lines, "", END]) + after)


if __name__ == "__main__":
    main()
