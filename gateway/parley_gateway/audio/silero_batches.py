"""The thread that the model runs in, and how the windows of many callers come together in it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Thread
from typing import Protocol

import numpy as np

from parley_gateway.audio.silero_model import Floats

logger = logging.getLogger(__name__)

_GATHER_S = 0.016
"""How long the first caller waits for others, half a window: alone, one costs two to four times as much."""
_MOST_CALLERS = 32
"""Of one batch: more gain nothing, and would hold up the first."""
_END_S = 5.0


class Model(Protocol):
    """What `SileroModel` does."""

    def run(self, windows: Floats, state: Floats) -> tuple[Floats, Floats]:
        """One window of each caller: the probabilities, and the next state."""
        ...


class Caller(Protocol):
    """Somebody whose windows are to be judged."""

    state: Floats
    """What the model remembers of them."""

    def take(self) -> Sequence[Floats]:
        """The windows that wait, in their order; none if the caller has left."""
        ...

    def judged(self, probabilities: Sequence[float]) -> None:
        """One for each window that was taken; 1 for all of them where the model failed."""
        ...


@dataclass(slots=True)
class _Job:
    """What the thread has to do for one caller."""

    caller: Caller
    windows: Sequence[Floats]
    state: Floats
    probabilities: list[float] = field(default_factory=list)


class Batches:
    """Belongs to one event loop. At most one batch is in the thread; callers that come meanwhile form the next."""

    def __init__(self, load: Callable[[], Model]) -> None:
        self._load = load
        self._inbox: SimpleQueue[list[_Job] | None] = SimpleQueue()
        self._loading: asyncio.Future[None] | None = None
        self._ended = asyncio.Event()
        self._ended.set()
        self._waiting: list[Caller] = []
        self._gathering: asyncio.TimerHandle | None = None
        self._running = False
        self._closed = False

    async def start(self) -> None:
        """Have the model loaded. Raises what loading raises, and tries again the next time."""
        await asyncio.shield(self._started())

    def enlist(self, caller: Caller) -> None:
        """Have the caller's windows judged soon; not again before they are."""
        if self._closed:
            return
        self._started()
        self._waiting.append(caller)
        self._gather()

    async def aclose(self) -> None:
        """End the thread. What waits is not judged any more."""
        self._closed = True
        self._waiting.clear()
        if self._gathering is not None:
            self._gathering.cancel()
        self._inbox.put(None)
        async with asyncio.timeout(_END_S):
            await self._ended.wait()

    def _started(self) -> asyncio.Future[None]:
        if self._loading is None:
            loop = asyncio.get_running_loop()
            self._loading = loop.create_future()
            self._ended.clear()
            Thread(target=self._work, args=(loop,), name="silero", daemon=True).start()
        return self._loading

    def _gather(self) -> None:
        if not self._running and self._gathering is None:
            self._gathering = asyncio.get_running_loop().call_later(_GATHER_S, self._run)

    def _run(self) -> None:
        self._gathering = None
        callers, self._waiting = self._waiting[:_MOST_CALLERS], self._waiting[_MOST_CALLERS:]
        self._running = True
        self._inbox.put([_Job(caller, caller.take(), caller.state) for caller in callers])

    # --- what the thread tells the loop ---

    def _loaded(self) -> None:
        if self._loading is not None:
            self._loading.set_result(None)

    def _not_loaded(self, error: Exception) -> None:
        loading, self._loading = self._loading, None
        self._ended.set()
        if loading is not None:
            loading.set_exception(error)
            # Whoever waits is told; where nobody does, that is no mistake.
            loading.exception()

    def _done(self, jobs: list[_Job]) -> None:
        if self._closed:
            return
        for job in jobs:
            job.caller.state = job.state
            job.caller.judged(job.probabilities)
        self._running = False
        if len(self._waiting) >= _MOST_CALLERS:
            self._run()
        elif self._waiting:
            self._gather()

    # --- in the thread ---

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        # A loop that is closed has nobody left to be told.
        with suppress(RuntimeError):
            try:
                model = self._load()
            except Exception as error:  # noqa: BLE001 - `start` raises it
                loop.call_soon_threadsafe(self._not_loaded, error)
                return
            loop.call_soon_threadsafe(self._loaded)
            while (jobs := self._inbox.get()) is not None:
                _judge_or_give_up(model, jobs)
                loop.call_soon_threadsafe(self._done, jobs)
            loop.call_soon_threadsafe(self._ended.set)


def _judge_or_give_up(model: Model, jobs: list[_Job]) -> None:
    """Where the model fails, the loudness that let the windows through stands as the verdict."""
    try:
        _judge(model, jobs)
    except Exception:
        logger.exception("the voice activity model failed")
        for job in jobs:
            job.probabilities = [1.0] * len(job.windows)


def _judge(model: Model, jobs: list[_Job]) -> None:
    """Each caller's windows in their order, those of all callers at once."""
    for number in range(max(len(job.windows) for job in jobs)):
        present = [job for job in jobs if number < len(job.windows)]
        windows = np.stack([job.windows[number] for job in present])
        probabilities, state = model.run(windows, np.concatenate([job.state for job in present], axis=1))
        for place, job in enumerate(present):
            job.probabilities.append(float(probabilities[place]))
            job.state = state[:, place : place + 1]
    for job in jobs:
        # A view would keep the whole batch's for as long as this caller is quiet.
        job.state = job.state.copy()
