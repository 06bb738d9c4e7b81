"""The rows of the table: what is measured, of whom, and what is required of us beside the contender."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.bench.contenders.contender import Contender, Mode
from tests.bench.contenders.parley import Parley
from tests.bench.load import Seen
from tests.bench.quantiles import p50, p95
from tests.bench.search import Most, most
from tests.bench.trial import Trials, kept_up

_WHOLE_CORE = 0.9


@dataclass(frozen=True, slots=True)
class Row:
    """Of the table. The ratio is ours to theirs."""

    what: str
    theirs: float | None
    ours: float
    unit: str
    required: float | None
    """At least that ratio where more is better, at most that where less is."""
    more_is_better: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """None where there is nothing to compare."""
        return self.ours / self.theirs if self.theirs else None

    @property
    def met(self) -> bool | None:
        """Whether it is as required; None where nothing is, or nothing can be said."""
        if self.required is None or self.ratio is None:
            return None
        return self.ratio >= self.required if self.more_is_better else self.ratio <= self.required


@dataclass(frozen=True, slots=True)
class Search:
    """Where to begin to look for the most sessions."""

    theirs: int
    ours: int
    step: int
    our_step: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many sessions are where, and how many tries a search has."""

    calm: int
    """Held by both on most machines."""
    steady: int
    interrupted: int
    openai: int
    idle: int
    beside_idle: int
    vad: int
    flux: Search
    detected: Search
    tries: int


FULL = Sizes(10, 30, 40, 20, 1000, 150, 10, Search(40, 160, 10, 40), Search(15, 120, 5, 40), tries=4)
QUICK = Sizes(10, 30, 40, 10, 200, 50, 8, FULL.flux, FULL.detected, tries=0)


class Benchmark:
    """Measures row after row; each in a trial of theirs, then one of ours."""

    def __init__(self, trials: Trials, *, theirs: Contender, python: Path, sizes: Sizes) -> None:
        """`python`: of the gateway's environment."""
        self._trials = trials
        self._theirs = theirs
        self._python = python
        self._ours: Contender = Parley(python)
        self._sizes = sizes

    def parts(self) -> dict[str, Callable[[], Awaitable[list[Row]]]]:
        """By the names under which they can be chosen."""
        return {
            "steady": self._steady,
            "interruptions": self._interruptions,
            "capacity": self._capacity,
            "detected": self._detected,
            "openai": self._openai,
            "idle": self._idle,
        }

    async def _both(self, mode: Mode, sessions: int) -> tuple[Seen, Seen]:
        theirs = await self._trials.of(self._theirs, mode, sessions=sessions)
        return theirs, await self._trials.of(self._ours, mode, sessions=sessions)

    async def _steady(self) -> list[Row]:
        calm = await self._both(Mode.FLUX, self._sizes.calm)
        theirs, ours = await self._both(Mode.FLUX, self._sizes.steady)
        at = f"{self._sizes.steady} sessions"
        return [
            _cpu(*calm, f"{self._sizes.calm} sessions"),
            _cpu(theirs, ours, at),
            *_p50_p95("added latency per turn", theirs.added_s(), ours.added_s(), 1 / 3, at),
            Row("memory per further session", theirs.mb_per_session, ours.mb_per_session, "MB", 1 / 2, note=at),
            Row("memory before the first", theirs.idle_mb, ours.idle_mb, "MB", 4 / 5),
        ]

    async def _interruptions(self) -> list[Row]:
        theirs, ours = await self._both(Mode.FLUX, self._sizes.interrupted)
        at = f"{self._sizes.interrupted} sessions"
        what = "speech start of the recogniser → client told to stop"
        return [*_p50_p95(what, theirs.to_silence_s(), ours.to_silence_s(), 1 / 2, at)]

    async def _openai(self) -> list[Row]:
        theirs, ours = await self._both(Mode.OPENAI, self._sizes.openai)
        at = f"{self._sizes.openai} sessions"
        what = "OpenAI speech: first audio → client"
        return [*_p50_p95(what, theirs.to_client_s(), ours.to_client_s(), 1 / 10, at)]

    async def _detected(self) -> list[Row]:
        theirs, ours = await self._both(Mode.VAD, self._sizes.vad)
        what = "own voice activity and semantic end of turn: "
        memory = Row(f"{what}memory per further session", theirs.mb_per_session, ours.mb_per_session, "MB", 1 / 20)
        return [memory, *await self._most(Mode.VAD, self._sizes.detected, 8, f"{what}sessions on one core")]

    async def _capacity(self) -> list[Row]:
        return await self._most(Mode.FLUX, self._sizes.flux, 4, "sessions on one core")

    async def _most(self, mode: Mode, search: Search, required: float, what: str) -> list[Row]:
        if not self._sizes.tries:
            return []
        theirs = await self._search(self._theirs, mode, search.theirs, search.step)
        ours = await self._search(self._ours, mode, search.ours, search.our_step)
        bounds = [f"{who} at least" for who, found in (("theirs", theirs), ("ours", ours)) if not found.bounded]
        note = ", ".join(bounds)
        return [Row(what, theirs.sessions, ours.sessions, "", required, more_is_better=True, note=note)]

    async def _search(self, contender: Contender, mode: Mode, start: int, step: int) -> Most:
        return await most(partial(self._holds, contender, mode), start=start, step=step, tries=self._sizes.tries)

    async def _holds(self, contender: Contender, mode: Mode, sessions: int) -> bool:
        return kept_up(mode, await self._trials.of(contender, mode, sessions=sessions))

    async def _idle(self) -> list[Row]:
        sizes, ours = self._sizes, Parley(self._python, protocols=("Twilio", "Native"))
        seen = await self._trials.of(ours, Mode.FLUX, sessions=sizes.beside_idle, idle=sizes.idle)
        who = f"{sizes.beside_idle} talking beside {sizes.idle} idle sessions: "
        trouble = f"{seen.failed} failed, {seen.underruns} underruns, {seen.unstopped} unstopped"
        return [
            Row(f"{who}added latency p50", None, p50(seen.added_s()) * 1000, "ms", None, note=trouble),
            Row(f"{who}added latency p95", None, p95(seen.added_s()) * 1000, "ms", None),
        ]


def _cpu(theirs: Seen, ours: Seen, at: str) -> Row:
    """What has no core left does less for its callers, at a cost that says nothing."""
    note = at if theirs.core < _WHOLE_CORE else f"{at}, of which theirs took the whole core: it is more"
    what = "CPU per talking session-second"
    return Row(what, theirs.cpu_ms_per_session_s, ours.cpu_ms_per_session_s, "ms", 1 / 4, note=note)


def _p50_p95(what: str, theirs: list[float], ours: list[float], required: float, note: str) -> Iterator[Row]:
    for name, quantile in (("p50", p50), ("p95", p95)):
        yield Row(f"{what}, {name}", quantile(theirs) * 1000, quantile(ours) * 1000, "ms", required, note=note)
