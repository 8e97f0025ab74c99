"""A whole DevOS round a small cluster, a voice and an ear in the test's hands, and the conversation between them."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from dbos import Queue
from dbos._dbos import DBOSRegistry
from dbos._sys_db import SystemDatabase

TESTS = Path(__file__).parents[2]
for folder in (Path(__file__).parent, TESTS / "policies", TESTS / "daemon" / "asking"):
    sys.path.insert(0, str(folder))  # for talk.py; wiring.py and cluster.py; voices.py

from talk import Talk  # noqa: E402 - only found now


@pytest.fixture(autouse=True, scope="session")
def _impatience() -> Iterator[None]:
    """Have DBOS look 20 times a second, not once, for runs to recover and for its end: the tests would only wait."""
    register, listen = DBOSRegistry._register_internal_queue, SystemDatabase._notification_listener_polling

    def impatient(self: DBOSRegistry, *args: Any, **options: Any) -> Queue:
        queue = register(self, *args, **options)
        queue._polling_interval_sec = 0.05
        return queue

    def listening(self: SystemDatabase) -> None:
        self._notification_listener_polling_interval_sec = 0.05
        listen(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DBOSRegistry, "_register_internal_queue", impatient)
        patch.setattr(SystemDatabase, "_notification_listener_polling", listening)
        yield


@pytest.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Talk]:
    async with Talk(tmp_path) as begun:
        yield begun
