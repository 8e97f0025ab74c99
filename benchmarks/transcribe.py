"""From the demo's recording to its text: decoding, finding the speech, Whisper. The model is loaded before."""

import os
import time
from pathlib import Path

from _machine import line, percentile, rounds

from daemon.hearing.prompt import prompt_of
from daemon.hearing.recording import read
from daemon.hearing.transcription import Transcriber
from daemon.hearing.weights import Places, find

DEMO = Path(__file__).parent.parent / "demo" / "scale-web-app.flac"
CATALOGUE = ["web-app", "checkout", "payment-service", "user-auth-service", "notification-service", "analytics-service"]

number = rounds(5)
weights = find("tiny.en", Places.of(Path("no-home"), os.environ))
transcriber = Transcriber(weights.path, name=weights.name)
start = time.perf_counter()
transcriber.load()
load = time.perf_counter() - start
prompt = prompt_of(CATALOGUE)
transcriber.transcribe(
    read(DEMO), prompt=prompt
)  # the first one also imports the decoder and loads the speech detector
seconds = []
for _ in range(number):
    start = time.perf_counter()
    recording = read(DEMO)
    heard = transcriber.transcribe(recording, prompt=prompt)
    seconds.append(time.perf_counter() - start)
line(
    "recording to text",
    percentile(seconds, 50),
    "s",
    p95=round(percentile(seconds, 95), 4),
    real_time_factor=round(percentile(seconds, 50) / recording.seconds, 4),
    recording_s=round(recording.seconds, 2),
    load_s=round(load, 4),
    model=heard.model,
    confidence=round(heard.confidence, 3),
    rounds=number,
)
