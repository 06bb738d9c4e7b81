"""Cancelled tasks until they are really over.

`cancel()` returns before a task's own clean-up has run, and some clean-ups take long: nobody on the path of a
turn waits for them. They are owned here, and one that outlives its deadline is told of.
"""

from __future__ import annotations

import asyncio
import logging

from parley_gateway.logs import where

DEADLINE_S = 2.0
"""For a task to end once it is cancelled. Transports are aborted, not closed politely, so this is ample."""
_MARGIN_S = 0.1
"""For the end of a session to come after the deadline of what it has just cancelled."""

_logger = logging.getLogger(__name__)


class Reaper:
    """The tasks that a session has cancelled. Each is told of at its deadline if it still runs."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, session: str) -> None:
        self._loop = loop
        self._session = session
        self._overdue: dict[asyncio.Task[None], asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        return len(self._overdue)

    def reap(self, task: asyncio.Task[None]) -> None:
        """Cancel a task, without waiting for it."""
        if task in self._overdue or task.done():
            return
        task.cancel()
        self._overdue[task] = self._loop.call_later(DEADLINE_S, self._tell_overdue, task)
        task.add_done_callback(self._forget)

    async def finish(self) -> None:
        """Wait for all of them; what is still there past its deadline has been told of, and is left alone."""
        if self._overdue:
            await asyncio.wait(tuple(self._overdue), timeout=DEADLINE_S + _MARGIN_S)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._overdue.pop(task).cancel()
        if not task.cancelled() and (error := task.exception()) is not None:
            _logger.error(
                "a cancelled task failed while it cleaned up",
                extra={"session": self._session, "task": task.get_name(), "error": where(error)},
            )

    def _tell_overdue(self, task: asyncio.Task[None]) -> None:
        _logger.warning(
            "a cancelled task does not end",
            extra={"session": self._session, "task": task.get_name(), "deadline_s": DEADLINE_S},
        )
