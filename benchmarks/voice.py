"""From the last voiced sample of a spoken command to the request that it is. Aims: 600 ms (tiny.en), 900 ms (base.en).

The silence that ends a sentence, 0.5 s, is part of it. The ear, the voice detector, Whisper and the understanding are
the daemon's own; the commands are synthesised, and come in frames at the pace of a clock, from a microphone that is a
stand-in. The last voiced sample is the sound's own: what the ear takes for it, `by_the_ear`, may be later or earlier.
"""

import asyncio
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from _machine import line, percentile, rounds
from _sound import Room, Samples, in_turn

from daemon.app import INTENTS
from daemon.hearing.ear import Ear
from daemon.hearing.frames import RATE
from daemon.hearing.heard import Event, Nothing, Sentence
from daemon.hearing.prompt import prompt_for
from daemon.hearing.voice_activity import VoiceDetector
from daemon.listening import Ears
from daemon.names import Names
from daemon.sense_sections import Hearing
from daemon.vocabulary import Vocabulary
from intents.understanding.catalogue import Catalogue
from intents.understanding.understand import Understood

BASE = Path(__file__).parent.parent.parent / "shared" / "models" / "whisper-base.en-int8"
SERVICES = ("web-app", "checkout", "payment-service", "user-auth-service", "notification-service", "analytics-service")
CATALOGUE = Catalogue.of(
    deployment={"production": SERVICES, "staging": SERVICES},
    service=SERVICES,
    environment=("production", "staging"),
    project=("DEV", "PERF", "CODE"),
)
COMMANDS = {
    "scale the web app deployment to ten replicas and monitor the rollout": ("scale_deployment", 10),
    "how many replicas does checkout have in production": ("count_replicas", None),
    "deploy the user authentication service to staging using CDK and create a change request": ("deploy_service", None),
    "set checkout to six pods in staging": ("scale_deployment", 6),
    "how many pods of the payment service are running in staging": ("count_replicas", None),
    "scale the notification service to four replicas": ("scale_deployment", 4),
    "deploy checkout to production": ("deploy_service", None),
    "scale checkout down to two replicas in the staging environment": ("scale_deployment", 2),
    "what is the replica count of the web app": ("count_replicas", None),
    "give the web app seven pods": ("scale_deployment", 7),
    "deploy the payment service to staging": ("deploy_service", None),
    "increase the number of replicas of checkout to twelve": ("scale_deployment", 12),
    "how many instances does the analytics service have": ("count_replicas", None),
    "scale the payment service to five replicas in production and watch the rollout": ("scale_deployment", 5),
    "deploy the notification service to production": ("deploy_service", None),
    "run eight copies of the web application": ("scale_deployment", 8),
    "how many replicas does the user authentication service have in staging": ("count_replicas", None),
    "reduce the analytics service to three pods in staging": ("scale_deployment", 3),
    "deploy the web app to staging and create a change request": ("deploy_service", None),
    "scale the user authentication service to nine replicas": ("scale_deployment", 9),
    "count the pods of checkout in staging": ("count_replicas", None),
    "deploy the analytics service to staging using CDK": ("deploy_service", None),
    "take checkout up to twenty replicas in production": ("scale_deployment", 20),
    "how many pods does the web app have right now": ("count_replicas", None),
}
"""What is said → the request that it is, and its number of replicas."""


async def measure(name: str, model: str, aim: float, sounds: dict[str, Samples]) -> None:
    """Say every command to an ear with that model."""
    loop, told = asyncio.get_running_loop(), asyncio.Queue[tuple[Event, float]]()
    room = Room()

    async def read(before: Names) -> Names:
        return Names(CATALOGUE)

    def tell(event: Event) -> None:
        loop.call_soon_threadsafe(told.put_nowait, (event, room.over))

    vocabulary = Vocabulary(INTENTS, "ada", read)
    await vocabulary.refresh()
    with tempfile.TemporaryDirectory() as home:
        ears = Ears(Path(home), Hearing(model=model))
        ear = Ear(
            room,
            ears.transcribe,
            Hearing(),
            tell,
            voice=VoiceDetector,
            prompt=lambda: prompt_for(vocabulary.understanding.catalogue),
            warm=ears.warm,
        )
        ear.start()
        whole, by_the_ear, writing, silence, right = [], [], [], [], 0
        first = next(iter(sounds))
        for number, command in enumerate([first, *sounds]):  # the first one loads everything
            ear.listen("key")
            await asyncio.sleep(0.5)  # the ear is listening by now, to nothing
            room.say(sounds[command])
            while True:
                event, over = await told.get()
                if isinstance(event, Sentence | Nothing):
                    break
            if room.waiting or isinstance(event, Nothing):
                print(f"not heard to its end: {command!r}: {event}", file=sys.stderr)
                await asyncio.sleep(len(sounds[command]) / RATE)  # the rest is said to nobody
                room.say(sounds[command][:0])
                continue
            answer = await vocabulary.understand(event.utterance, Path.home())
            done = time.monotonic()
            if not number:
                continue
            whole.append((done - over) * 1000)
            by_the_ear.append((done - event.ended) * 1000)
            writing.append(event.timings["transcribe_ms"])
            silence.append(event.timings["silence_ms"])
            if isinstance(answer, Understood):
                slots = answer.intent.slots_to_json(answer.slots)
                right += (answer.intent.name, slots.get("replicas")) == COMMANDS[command]
            else:
                print(f"not understood: {event.utterance.text!r}, said was {command!r}", file=sys.stderr)
        ear.close()
        ears.close()
    line(
        f"last voiced sample to intent, {name}",
        percentile(whole, 50),
        "ms",
        aim=aim,
        p95=round(percentile(whole, 95), 1),
        by_the_ear=round(percentile(by_the_ear, 50), 1),
        by_the_ear_p95=round(percentile(by_the_ear, 95), 1),
        silence=round(percentile(silence, 50), 1),
        transcribe=round(percentile(writing, 50), 1),
        transcribe_p95=round(percentile(writing, 95), 1),
        n=len(sounds),
        heard=len(whole),
        understood=right,
    )


def main() -> None:
    commands = [*islice(cycle(COMMANDS), min(rounds(len(COMMANDS)), len(COMMANDS)))]
    sounds = dict(zip(commands, in_turn(commands), strict=True))
    asyncio.run(measure("tiny.en", "tiny.en", 600.0, sounds))
    if BASE.is_dir():
        asyncio.run(measure("base.en", str(BASE), 900.0, sounds))
    else:
        print("left out, because it is not on this machine: base.en", file=sys.stderr)


main()
