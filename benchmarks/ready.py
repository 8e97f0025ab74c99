"""From the start of `devos run --sandbox` to `ready`, with the sandbox already up. Aim: 3 s."""

import time

from _daemon import end, sandboxed, start
from _machine import line, percentile, rounds

number = rounds(7)
seconds = []
with sandboxed() as home:
    end(start(home))  # the first start compiles, and makes keys and databases
    for _ in range(number):
        begun = time.perf_counter()
        daemon = start(home)
        seconds.append(time.perf_counter() - begun)
        end(daemon)
line("daemon start to ready", percentile(seconds, 50), "s", aim=3.0, p95=round(percentile(seconds, 95), 4), n=number)
