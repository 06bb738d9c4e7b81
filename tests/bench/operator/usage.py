"""What programs take while something lasts: their CPU time, and the most memory of one of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.bench.processes import Process

PERIOD_S = 0.5


@dataclass
class Usage:
    """Filled in when it is over."""

    cpu_s: dict[str, float] = field(default_factory=dict)
    """By program."""
    peak_pss_mb: float = 0.0
    """The most that was seen, twice a second."""
    peak_rss_mb: float = 0.0
    """The most that there was, shared pages in full, since the program's start."""


@asynccontextmanager
async def usage(programs: Mapping[str, Process], *, of: Process) -> AsyncIterator[Usage]:
    """CPU time of all programs and memory of one, from here to the end of the block."""
    found = Usage()
    before = {name: program.cpu_s for name, program in programs.items()}
    sampling = asyncio.create_task(_sample(of, found))
    try:
        yield found
    finally:
        sampling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sampling
        found.cpu_s |= {name: program.cpu_s - before[name] for name, program in programs.items()}
        found.peak_rss_mb = of.peak_rss_mb


async def _sample(process: Process, into: Usage) -> None:
    while True:
        into.peak_pss_mb = max(into.peak_pss_mb, process.pss_mb)
        await asyncio.sleep(PERIOD_S)
