"""The switch: one signal begins a profile, the next one ends it and writes it into a mounted folder."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path, PurePath

from parley_gateway.telemetry.profiler import Profiler

logger = logging.getLogger(__name__)

LONGEST_S = 300.0
"""After so long a profile ends by itself: one that was forgotten costs nothing any more."""


class Profiles:
    """One process's."""

    def __init__(self, folder: PurePath | None) -> None:
        """`folder`: None where profiles are not enabled, and the signal only says so."""
        self._folder = Path(folder) if folder is not None else None
        self._profiler = Profiler()
        self._end: asyncio.TimerHandle | None = None
        self._writing: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> bool:
        """Whether one has begun."""
        return self._profiler.running

    def toggle(self) -> None:
        """Begin one, or end the one that has begun. To be called in the event loop."""
        if self._folder is None:
            logger.warning("profiles are not enabled: set spec.observability.profiling to Enabled")
        elif self.running:
            self._finish(self._folder)
        else:
            self._profiler.start()
            self._end = asyncio.get_running_loop().call_later(LONGEST_S, self._finish, self._folder)
            logger.info("profile begun", extra={"longest_s": LONGEST_S})

    async def aclose(self) -> None:
        """End what has begun, and wait for it to be written."""
        if self._folder is not None and self.running:
            self._finish(self._folder)
        if self._writing:
            await asyncio.wait(self._writing)

    def _finish(self, folder: Path) -> None:
        if self._end is not None:
            self._end.cancel()
        samples, text = self._profiler.samples, self._profiler.stop()
        file = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.folded"
        task = asyncio.create_task(self._write(file, text, samples), name="profile")
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, file: Path, text: str, samples: int) -> None:
        try:
            await asyncio.to_thread(file.write_text, text, encoding="utf-8")
        except OSError as error:
            logger.error("profile not written", extra={"file": str(file), "problem": error.strerror})  # noqa: TRY400
        else:
            logger.info("profile written", extra={"file": str(file), "samples": samples})
