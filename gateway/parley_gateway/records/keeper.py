"""Keeps what is left of sessions: on disk before a session counts as ended, then wherever it is sent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from parley_gateway.logs import where
from parley_gateway.money.metrics import MoneyMetrics
from parley_gateway.records.outbox import Outbox, OutboxFullError
from parley_gateway.records.row import SessionRow
from parley_gateway.records.sender import Destination, Sender
from parley_gateway.records.threads import OneThread

_logger = logging.getLogger(__name__)

PUT_S = 5.0
"""A session's end waits so long for the disk, and no longer; the disk goes on."""
CHECKPOINT_S = 3.0
"""So much of a running session is lost at the most when its process is killed."""
_SLICE = 25
"""Rows made in one go, 30 µs each: nobody's audio waits for those of all sessions."""
ADOPT_S = 60.0
"""How often it is looked for what dead processes have left in a folder that several share."""
_LAST_S = 5.0
"""At the process's end, for what can still be sent."""
_HANG_UP_S = 1.0
"""For a call that was broken off to notice."""


class Keeper:
    """One process's."""

    def __init__(
        self,
        folder: Path,
        destinations: Sequence[Destination],
        *,
        metrics: MoneyMetrics,
        live: Callable[[], Iterable[SessionRow]],
    ) -> None:
        """`live`: what is known now of the sessions that run. Raises OSError for a folder that cannot be used."""
        self._outbox = Outbox(folder, [destination.name for destination in destinations])
        self._thread = OneThread("outbox")
        self._metrics = metrics
        self._live = live
        self._full = False
        self._senders = {
            destination.name: Sender(destination, outbox=self._outbox, thread=self._thread, metrics=metrics)
            for destination in destinations
        }

    async def put(self, row: SessionRow) -> None:
        """Keep it; bounded in time, and never raises but when cancelled."""
        data = row.model_dump_json().encode()
        try:
            async with asyncio.timeout(PUT_S):
                await self._thread.run(self._outbox.put, row.id, data)
        except TimeoutError:
            _logger.warning("the disk is slow: a row is still being written", extra={"session": row.id})
        except (OutboxFullError, OSError) as error:
            self._lose(row, error)
            return
        self._full = False
        for sender in self._senders.values():
            sender.wake()

    def _lose(self, row: SessionRow, error: Exception) -> None:
        """The log is the last place that may still take it; what was said is left out."""
        self._full = True
        for name in self._senders:
            self._metrics.lost.labels(name).inc()
        content = row.model_dump(mode="json", exclude={"transcript"})
        _logger.error("a row could not be kept", extra={"error": type(error).__name__, "row": content})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Send for as long as this lasts, and then for a bounded time what still waits."""
        watching = asyncio.create_task(self._keep_checkpoints(), name="checkpoints")
        sending = [
            asyncio.create_task(sender.run(), name=f"send {name}") for name, sender in self._senders.items()
        ]
        try:
            yield
        finally:
            watching.cancel()
            await self._finish(sending)
            await asyncio.wait({watching})
            await self._thread.run(self._outbox.close)
            self._thread.close()

    async def settled(self) -> None:
        """Until nothing waits for any destination."""
        for sender in self._senders.values():
            await sender.settled()

    async def _finish(self, sending: Sequence[asyncio.Task[None]]) -> None:
        for sender in self._senders.values():
            sender.stop()
        _, late = await asyncio.wait(sending, timeout=_LAST_S)
        if late:
            for sender in self._senders.values():
                sender.hang_up()
            _, late = await asyncio.wait(late, timeout=_HANG_UP_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        for sender in self._senders.values():
            await sender.aclose()

    async def _keep_checkpoints(self) -> None:
        """What dead processes have left is taken over first, and looked for now and then."""
        loop = asyncio.get_running_loop()
        adopt_at = loop.time()
        while True:
            if loop.time() >= adopt_at:
                await self._guarded(self._adopt)
                adopt_at = loop.time() + ADOPT_S
            await asyncio.sleep(CHECKPOINT_S)
            await self._guarded(self.checkpoint)

    async def _adopt(self) -> None:
        interrupted = await self._thread.run(self._outbox.adopt)
        if interrupted:
            _logger.warning(
                "sessions were interrupted by the end of their process", extra={"sessions": interrupted}
            )
        for sender in self._senders.values():
            sender.wake()

    async def checkpoint(self) -> None:
        """Write down what is known of running sessions. Raises OSError."""
        rows: list[SessionRow] = []
        for row in self._live():
            rows.append(row)
            if len(rows) % _SLICE == 0:
                await asyncio.sleep(0)
        await self._thread.run(self._write_checkpoint, rows)

    def _write_checkpoint(self, rows: Sequence[SessionRow]) -> None:
        self._outbox.checkpoint({row.id: row.model_dump_json().encode() for row in rows})

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """A disk that fails now may work the next time."""
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - as above
            _say_failed(error)

    def health(self) -> dict[str, dict[str, Any]]:
        """Of each destination."""
        parts = {name: sender.health() for name, sender in self._senders.items()}
        if self._full:
            parts = {
                name: part | {"status": "failing", "problem": "no room for rows"} for name, part in parts.items()
            }
        return parts


def _say_failed(error: Exception) -> None:
    _logger.error("the outbox failed", extra={"error": where(error)})
