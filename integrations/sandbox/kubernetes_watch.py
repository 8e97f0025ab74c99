"""A watch: the changes of a list of objects as they happen, one JSON document a line.

https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable

from integrations.sandbox.kubernetes_objects import Body, shown
from integrations.sandbox.kubernetes_resources import Resource
from integrations.sandbox.kubernetes_rollout import reconcile
from integrations.sandbox.kubernetes_selection import Selection
from integrations.sandbox.world import Event, World

LOOK_AGAIN = 1.0
"""The longest time between two looks, in seconds: the world's clock and settings may be changed from outside."""

Form = Callable[[Body, bool], Body]
"""How an object is written; the second argument says whether it is the first of the stream."""


class Watch:
    """One client's watch of one kind of object."""

    def __init__(self, world: World, resource: Resource, wanted: Selection, form: Form) -> None:
        self.world = world
        self.resource = resource
        self.wanted = wanted
        self.form = form
        self.known: set[str] = set()
        self.first = True

    async def lines(self, start: int | None, seconds: float, mark: bool) -> AsyncIterator[bytes]:
        """The stream.

        Args:
            start: the revision to begin after; None begins with everything there is.
            seconds: when to end, in real time.
            mark: whether a bookmark says where "everything there is" ends.
        """
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        due = reconcile(self.world)
        revision = self.world.revision
        present = self._present()
        self.known = set(present)
        if start is None:
            for body in present.values():
                yield self._line("ADDED", body)
        if mark:
            yield self._bookmark(revision)
        revision = revision if start is None else start
        while clock() < end:
            latest = self.world.revision
            for event in self.world.since(self.resource.stored, revision):
                line = self._change(event)
                if line is not None:
                    yield line
            revision = latest
            pause = min(LOOK_AGAIN, end - clock())
            if due is not None:
                pause = min(pause, (due - self.world.now()).total_seconds())
            await self.world.changed(revision, max(0.01, pause))
            due = reconcile(self.world)

    def _present(self) -> dict[str, Body]:
        found = self.world.all(self.resource.stored, self.wanted.prefix)
        return {key: body for key, body in found.items() if self.wanted.matches(body)}

    def _change(self, event: Event) -> bytes | None:
        """What this watch tells of an event: an object may also come into the selection, or leave it, by a change."""
        if not event.key.startswith(self.wanted.prefix):
            return None
        matches, known = self.wanted.matches(event.body), event.key in self.known
        body = event.body | {"metadata": {**event.body["metadata"], "resourceVersion": str(event.revision)}}
        if event.type == "DELETED" or not matches:
            self.known.discard(event.key)
            return self._line("DELETED", body) if known or (event.type == "DELETED" and matches) else None
        self.known.add(event.key)
        return self._line(event.type if known else "ADDED", body)

    def _line(self, type_: str, body: Body) -> bytes:
        text = json.dumps({"type": type_, "object": self.form(shown(body), self.first)}, separators=(",", ":"))
        self.first = False
        return text.encode() + b"\n"

    def _bookmark(self, revision: int) -> bytes:
        metadata = {"resourceVersion": str(revision), "annotations": {"k8s.io/initial-events-end": "true"}}
        body = {"kind": self.resource.kind, "apiVersion": self.resource.api_version, "metadata": metadata}
        return json.dumps({"type": "BOOKMARK", "object": body}, separators=(",", ":")).encode() + b"\n"
