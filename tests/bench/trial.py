"""One trial: a contender started afresh, so many callers for so long, and what was seen of it."""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.bench.contenders.contender import Contender, Mode
from tests.bench.contenders.parley import NATIVE_PATH
from tests.bench.load import Load, Seen
from tests.bench.quantiles import p50, p95

_MOST_ADDED_S = 0.05
_MOST_AFTER_MODEL_S = 0.5
"""Where silence ends a turn, waiting for it is no delay, and speech that was drafted before is held until then."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which core is whose."""

    server: int
    load: frozenset[int]

    @classmethod
    def here(cls) -> Place:
        """The first core that this process may use for the server, the others for the load."""
        cores = sorted(os.sched_getaffinity(0))
        return cls(cores[0], frozenset(cores[1:] or cores))


class Trials:
    """All in one place, for as long each."""

    def __init__(self, place: Place, *, seconds: float) -> None:
        self._place = place
        self._seconds = seconds
        self.seen: list[tuple[str, Mode, Seen]] = []
        """All that was measured, in its order."""

    async def of(self, contender: Contender, mode: Mode, *, sessions: int, idle: int = 0) -> Seen:
        """One."""
        load = Load()
        async with load.providers() as providers:
            with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
                serving = contender.serve(mode, providers, core=self._place.server, folder=Path(folder))
                # A server that starts asks its providers, which are in here.
                server = await asyncio.to_thread(stack.enter_context, serving)
                idle_url = f"ws://127.0.0.1:{server.port}{NATIVE_PATH}"
                seen = await load.run(
                    server, sessions=sessions, seconds=self._seconds, idle_url=idle_url, idle=idle
                )
        self.seen.append((contender.name, mode, seen))
        print(_line(contender.name, mode, seen), flush=True)
        return seen


def kept_up(mode: Mode, seen: Seen) -> bool:
    """Whether that many sessions are served as they should be."""
    late = seen.after_model_s() if mode is Mode.VAD else seen.added_s()
    most = _MOST_AFTER_MODEL_S if mode is Mode.VAD else _MOST_ADDED_S
    return bool(late) and p95(late) < most and not (seen.failed or seen.underruns or seen.unstopped)


def _line(name: str, mode: Mode, seen: Seen) -> str:
    added, silence = seen.added_s(), seen.to_silence_s()
    return (
        f"  {name:<15} {mode:<6} {seen.sessions:4} sessions  {len(seen.turns):4} turns  "
        f"cpu {seen.cpu_ms_per_session_s:5.2f} ms/s  added {_ms(added)}  stop {_ms(silence)} ms  "
        f"{seen.mb_per_session:5.2f} MB each  {seen.failed} failed  {seen.underruns} underruns  "
        f"{seen.unstopped} unstopped  load {seen.load_cpu:.0%}, {seen.load_lag_s * 1000:.0f} ms late"
    )


def _ms(seconds: list[float]) -> str:
    return f"{p50(seconds) * 1000:5.1f}/{p95(seconds) * 1000:5.1f}" if seconds else "    -/    -"
