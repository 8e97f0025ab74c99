"""How every benchmark reports: one line of JSON, which says on what machine it was measured."""

import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any


@cache
def machine() -> dict[str, Any]:
    """What the numbers depend on: cores, the processor's name, the system, Python, and how busy it was already."""
    cpu = platform.processor() or platform.machine()
    try:
        names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].split(":", 1)[1].strip() if names else cpu
    except OSError:
        pass
    return {
        "cores": os.cpu_count(),
        "cpu": cpu,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }


def line(name: str, value: float, unit: str, *, aim: float | None = None, **more: Any) -> None:
    """Print one result.

    Args:
        name: what was measured, in few words.
        value: the number that counts, in `unit`.
        aim: what it should stay under (or reach, where more is better), in the same unit.
        more: whatever else belongs to it: the number of rounds, a median.
    """
    result = {"name": name, "value": round(value, 4), "unit": unit}
    if aim is not None:
        result["aim"] = aim
    print(json.dumps(result | more | {"machine": machine()}, ensure_ascii=False), flush=True)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of the values do not exceed."""
    if len(values) < 2:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def rounds(default: int) -> int:
    """How often to measure: the command line's only argument, or `default`."""
    return int(sys.argv[1]) if len(sys.argv) > 1 else default
