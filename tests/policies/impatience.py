"""DBOS in a hurry, for every test that launches runs in its own process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from dbos import Queue
from dbos._dbos import DBOSRegistry
from dbos._sys_db import SystemDatabase


@pytest.fixture(autouse=True, scope="session")
def impatience() -> Iterator[None]:
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
