"""From the start of `devos run --sandbox` to `ready`, with the sandbox already up. Aim: 3 s.

As it is by default, and with all its senses: then the wake words are loaded before it says `ready`.
"""

import time
from pathlib import Path

from _daemon import end, sandboxed, start
from _machine import line, percentile, rounds

number = rounds(7)


def measured(home: Path) -> list[float]:
    """Seconds that each start took."""
    end(start(home))  # the first start compiles, and makes keys and databases
    seconds = []
    for _ in range(number):
        begun = time.perf_counter()
        daemon = start(home)
        seconds.append(time.perf_counter() - begun)
        end(daemon)
    return seconds


with sandboxed() as home:
    for name, settings in (
        ("daemon start to ready", ""),
        ("daemon start to ready, wake word on", "[wake]\non = true\n"),
    ):
        (home / "config.toml").write_text(settings)
        found = measured(home)
        line(name, percentile(found, 50), "s", aim=3.0, p95=round(percentile(found, 95), 4), n=number)
