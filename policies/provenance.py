"""Which arguments may have been chosen by text that others wrote.

Once a run has opened a value from outside, nothing that its code computes can be told from what the text dictated. So
an argument that selects counts as clean only where it equals what the person said for exactly that argument, or stands
in the request's code, its settings or the action's own defaults. Comparing with names that exist would miss every
attack: an attacker names what exists.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from policies.action import Call, Json
from policies.output import Origin
from policies.outside import sources_of


def chosen_outside(call: Call[Any], args: Mapping[str, Json], origin: Origin) -> tuple[str, ...]:
    """The names of the selecting arguments whose values may come from outside, in the signature's order.

    Args:
        call: the call; `opened` says what its run opened before.
        args: its arguments as JSON, or as they stand in a plan.
        origin: what the person said (slots), and what the request's code and the settings hold (constants).
    """

    def clean(name: str, value: Json) -> bool:
        if sources_of(value):
            return False
        if not call.opened or value is None or isinstance(value, bool):
            return True
        if isinstance(value, list):
            return value == origin.slots.get(name) or all(clean(name, each) for each in value)
        if isinstance(value, str) and value in origin.constants:
            return True
        default = call.action.signature.parameters[name].default
        said_or_default = [origin.slots.get(name), None if default is inspect.Parameter.empty else default]
        return any(type(value) is type(known) and value == known for known in said_or_default)

    return tuple(name for name, value in args.items() if name not in call.action.content and not clean(name, value))
