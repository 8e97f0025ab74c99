"""`devos say … --no-wait` as a whole process: from the start of Python to a run that is started. Aim: 0.4 s."""

import os
import subprocess
import time

from _daemon import DEVOS, end, sandboxed, start
from _machine import line, percentile, rounds

number = rounds(20)
seconds = []
with sandboxed() as home:
    environment = os.environ | {"DEVOS_HOME": str(home)}
    command = [DEVOS, "say", "how many replicas does web-app have in production", "--no-wait", "--json"]
    daemon = start(home)
    subprocess.run(command, env=environment, check=True, capture_output=True)
    for _ in range(number):
        begun = time.perf_counter()
        subprocess.run(command, env=environment, check=True, capture_output=True)
        seconds.append(time.perf_counter() - begun)
    end(daemon)
line(
    "devos say to run started, whole process",
    percentile(seconds, 50),
    "s",
    aim=0.4,
    p95=round(percentile(seconds, 95), 4),
    n=number,
)
