"""The recordings of one process: begun with sessions, written by one thread, and never in a conversation's way.

Once a second all that has come is handed to the thread, as one piece of work; while that is under way the rest
waits in bounded memory. A disk that is full, broken or slow ends recordings, and nothing else.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from parley_gateway.accounts import Subject
from parley_gateway.logs import where
from parley_gateway.ports import LinkCapabilities
from parley_gateway.recordings.about import About, End
from parley_gateway.recordings.folder import Folder
from parley_gateway.recordings.metrics import RecordingMetrics
from parley_gateway.recordings.recording import Batch, Recording
from parley_gateway.recordings.writer import Writer
from parley_gateway.records.threads import OneThread

_logger = logging.getLogger(__name__)

EVERY_S = 1.0
"""Between two hand-overs: so much is lost at the most when the process is killed."""
SWEEP_S = 60.0
SLOW_S = 10.0
"""A disk that takes longer does not answer; nothing is begun on it."""
_LAST_S = 5.0
"""At the process's end, for what is not written yet."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Recorder:
    """Begins recordings, and owns the two tasks that write and sweep them."""

    def __init__(
        self,
        folder: Folder,
        metrics: RecordingMetrics,
        *,
        namespace: str,
        deployment: str,
        longest_s: float,
    ) -> None:
        """`longest_s`: so much of a session is recorded at most."""
        self._folder = folder
        self._metrics = metrics
        metrics.watch(lambda: len(self._live))
        self._namespace = namespace
        self._deployment = deployment
        self._longest_s = longest_s
        self._writing = OneThread("recordings")
        self._sweeping = OneThread("recordings sweep")
        self._live: dict[Recording, Writer] = {}
        self._over = asyncio.Event()
        """Set when one is over: it is not kept waiting for the next hand-over."""
        self._stopping = False
        self._busy_since: float | None = None
        self._no_room: str | None = None
        self._problem: str | None = None

    # --- sessions ---

    def begin(self, session: str, subject: Subject, capabilities: LinkCapabilities) -> Recording | None:
        """Record a session that begins now; None where that cannot be."""
        if self._no_room or self._is_stuck:
            self._metrics.not_begun()
            return None
        recording = Recording(
            About(
                session=session,
                namespace=self._namespace,
                deployment=self._deployment,
                tenant=subject.tenant,
                user=subject.user,
                started_at=datetime.now(UTC),
                rate=capabilities.input_rate,
            ),
            capabilities,
            clock=asyncio.get_running_loop().time,
            longest_s=self._longest_s,
            on_over=self._over.set,
        )
        self._live[recording] = Writer(recording, self._folder)
        return recording

    def health(self) -> dict[str, dict[str, Any]]:
        """For /health."""
        problem = "the disk does not answer" if self._is_stuck else self._no_room or self._problem
        found: dict[str, Any] = {"status": "failing", "problem": problem} if problem else {"status": "ok"}
        return {"recordings": {**found, "active": len(self._live)}}

    @property
    def _is_stuck(self) -> bool:
        since = self._busy_since
        return since is not None and asyncio.get_running_loop().time() - since > SLOW_S

    # --- the process ---

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write for as long as this lasts, and then for a bounded time what is left."""
        writing = asyncio.create_task(self._keep_writing(), name="recordings")
        sweeping = asyncio.create_task(self._keep_sweeping(), name="recordings sweep")
        try:
            yield
        finally:
            sweeping.cancel()
            await self._finish(writing)
            await asyncio.wait({writing, sweeping})
            for thread in (self._writing, self._sweeping):
                thread.close()

    async def _finish(self, writing: asyncio.Task[None]) -> None:
        self._stopping = True
        for recording in self._live:
            recording.finish(End.SESSION)
        self._over.set()
        _, late = await asyncio.wait({writing}, timeout=_LAST_S)
        if late:
            _logger.error("the disk is slow: recordings are left unfinished", extra={"number": len(self._live)})
            writing.cancel()

    async def _keep_writing(self) -> None:
        while self._live or not self._stopping:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S):
                    await self._over.wait()
            self._over.clear()
            await self._hand_over()

    async def _hand_over(self) -> None:
        due = [(recording, writer) for recording, writer in self._live.items() if recording.is_due]
        work = [(writer, recording, recording.take()) for recording, writer in due]
        self._busy_since = asyncio.get_running_loop().time()
        no_room, ends, problem = await self._writing.run(_write_all, self._folder, work)
        self._busy_since = None
        self._say(no_room, problem, wrote=bool(work))
        for recording, end in ends:
            recording.finish(end)
            if self._live.pop(recording, None):
                self._metrics.ended(end)

    def _say(self, no_room: str | None, problem: str | None, *, wrote: bool) -> None:
        """What is new of the disk; and keep it for /health until there is room again, or one could be written."""
        if no_room and not self._no_room:
            _logger.error("there is no room for recordings", extra={"problem": no_room})
        if problem and not self._problem:
            _logger.error("a recording could not be written", extra={"problem": problem})
        if wrote or (self._no_room and not no_room):
            self._problem = problem
        self._no_room = no_room

    async def _keep_sweeping(self) -> None:
        while True:
            try:
                for _ in range(await self._sweeping.run(self._folder.sweep)):
                    self._metrics.ended(End.INTERRUPTED)
            except OSError as error:
                _logger.warning("recordings could not be swept", extra={"problem": error.strerror})
            except Exception as error:  # noqa: BLE001 - the next sweep may fare better; recordings go on
                _logger.error("recordings could not be swept", extra={"error": where(error)})  # noqa: TRY400
            await asyncio.sleep(SWEEP_S)


_Written = tuple[str | None, list[tuple[Recording, End]], str | None]
"""Why there is no room, which recordings are over, and what went wrong."""


def _write_all(folder: Folder, work: list[tuple[Writer, Recording, Batch]]) -> _Written:
    """In the thread. Never raises."""
    try:
        no_room = folder.room()
    except OSError as error:
        no_room = error.strerror or "the folder cannot be looked at"
    ends: list[tuple[Recording, End]] = []
    problem: str | None = None
    for writer, recording, batch in work:
        end = End.NO_ROOM if no_room and batch.end is None else batch.end
        try:
            writer.write(batch._replace(end=end))
        except OSError as error:
            end = End.NO_ROOM if error.errno in _FULL else End.DISK
            problem = error.strerror or "unknown"
            writer.abandon(end)
        except Exception as error:  # noqa: BLE001 - a mistake of ours ends one recording, not all
            end, problem = End.DISK, where(error)
            writer.abandon(end)
        if end is not None:
            ends.append((recording, end))
    return no_room, ends, problem
