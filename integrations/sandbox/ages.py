"""Times in the company's data are ages, so that it is as fresh as the day it is seeded."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}


def ago(now: datetime, age: str) -> datetime:
    """The moment an age lies back: "3d 4h" is three days and four hours before `now`.

    Raises:
        ValueError: it is no age.
    """
    parts = re.findall(r"(\d+)([wdhm])", age)
    if "".join(number + unit for number, unit in parts) != age.replace(" ", "") or not parts:
        raise ValueError(f"an age is written like '3d 4h', not {age!r}")
    return now - timedelta(**{_UNITS[unit]: int(number) for number, unit in parts})
