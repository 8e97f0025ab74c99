"""`devos --help` as a whole process, from the start of Python to its end. Aim: 0.25 s, so that it feels instant."""

import subprocess
import sys
import time
from pathlib import Path

from _machine import line, percentile, rounds

DEVOS = Path(sys.executable).with_name("devos")

number = rounds(20)
subprocess.run([DEVOS, "--help"], check=True, capture_output=True)  # the first one compiles and reads from disk
seconds = []
for _ in range(number):
    start = time.perf_counter()
    subprocess.run([DEVOS, "--help"], check=True, capture_output=True)
    seconds.append(time.perf_counter() - start)
line(
    "devos --help, whole process",
    percentile(seconds, 50),
    "s",
    aim=0.25,
    p95=round(percentile(seconds, 95), 4),
    rounds=number,
)
