"""The model's thread: who waits together is judged together, in order, and a model that fails silences nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from threading import Event
from typing import Any

import numpy as np
import pytest

from parley_gateway.audio.edges import VadEvent
from parley_gateway.audio.silero import _MOST_WAITING, SileroActivity, SileroStream
from parley_gateway.audio.silero_batches import _MOST_CALLERS, Batches
from parley_gateway.audio.silero_model import RATE, WINDOW, Floats
from parley_gateway.conversation.events import SpeechStarted


class CountingModel:
    """Says of each window what its first sample is, and remembers how many windows it has heard of each caller."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.gate = Event()
        self.gate.set()
        self.fails = False

    def run(self, windows: Floats, state: Floats) -> tuple[Floats, Floats]:
        assert self.gate.wait(10)
        self.batches.append(len(windows))
        if self.fails:
            raise RuntimeError("by script")
        return windows[:, 0], state + 1


class Listener:
    """A caller by script."""

    def __init__(self, *windows: float) -> None:
        self.state = np.zeros((2, 1, 128), np.float32)
        self.windows = [np.full(576, value, np.float32) for value in windows]
        self.verdicts: list[float] = []
        self.done = asyncio.Event()

    def take(self) -> Sequence[Floats]:
        taken, self.windows = self.windows, []
        return taken

    def judged(self, probabilities: Sequence[float]) -> None:
        self.verdicts += [round(value, 3) for value in probabilities]
        self.done.set()


async def judged(*listeners: Listener) -> None:
    async with asyncio.timeout(10):
        for listener in listeners:
            await listener.done.wait()


async def test_g04_who_waits_together_is_judged_together_and_in_order() -> None:
    model = CountingModel()
    batches = Batches(lambda: model)
    listeners = [Listener(0.1), Listener(0.2, 0.3, 0.4), Listener(0.5, 0.6)]
    for listener in listeners:
        batches.enlist(listener)
    await judged(*listeners)
    assert [listener.verdicts for listener in listeners] == [[0.1], [0.2, 0.3, 0.4], [0.5, 0.6]]
    assert model.batches == [3, 2, 1]
    assert [listener.state[0, 0, 0] for listener in listeners] == [1, 3, 2]
    await batches.aclose()


async def test_g04_a_batch_is_bounded_and_the_rest_follows() -> None:
    model = CountingModel()
    batches = Batches(lambda: model)
    listeners = [Listener(0.5) for _ in range(_MOST_CALLERS + 5)]
    for listener in listeners:
        batches.enlist(listener)
    await judged(*listeners)
    assert model.batches == [_MOST_CALLERS, 5]
    await batches.aclose()


async def test_g04_a_model_that_fails_leaves_the_verdict_to_loudness() -> None:
    model = CountingModel()
    model.fails = True
    batches = Batches(lambda: model)
    listener = Listener(0.1, 0.1)
    batches.enlist(listener)
    await judged(listener)
    assert listener.verdicts == [1.0, 1.0]
    await batches.aclose()


async def test_g04_loading_that_fails_is_told_and_tried_again() -> None:
    outcomes: list[Any] = [OSError("no such file"), CountingModel()]

    def load() -> CountingModel:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, CountingModel)
        return outcome

    batches = Batches(load)
    with pytest.raises(OSError, match="no such file"):
        await batches.start()
    await batches.start()
    listener = Listener(0.5)
    batches.enlist(listener)
    await judged(listener)
    await batches.aclose()


async def test_g04_the_model_is_loaded_once_for_all() -> None:
    loads: list[CountingModel] = []

    def load() -> CountingModel:
        loads.append(CountingModel())
        return loads[-1]

    activity = SileroActivity(load)
    streams = [activity.open(sample_rate=RATE, on_event=lambda _: None) for _ in range(5)]
    for stream in streams:
        stream.send(loud(0.1))
    await asyncio.gather(activity.warm(), activity.warm())
    assert len(loads) == 1
    await activity.aclose()


async def test_g04_closing_waits_for_the_batch_and_for_nothing_else() -> None:
    model = CountingModel()
    batches = Batches(lambda: model)
    first, second = Listener(0.5), Listener(0.5)
    model.gate.clear()
    batches.enlist(first)
    while not batches._running:  # noqa: ASYNC110
        await asyncio.sleep(0)
    batches.enlist(second)
    closing = asyncio.create_task(batches.aclose())
    model.gate.set()
    await closing
    assert (first.verdicts, second.verdicts) == ([], [])
    batches.enlist(second)


async def test_g04_closing_what_was_never_used_is_nothing() -> None:
    await SileroActivity(CountingModel).aclose()


def loud(value: float, *, windows: int = 1) -> bytes:
    """Windows that are loud, whose first sample is `value`."""
    tone = 8_000 * np.sin(np.arange(WINDOW) / 5)
    tone[-64] = value * 32_768
    return np.tile(tone, windows).astype("<i2").tobytes()


async def test_g04_a_caller_far_behind_is_judged_by_loudness_and_its_clock_goes_on() -> None:
    model = CountingModel()
    model.gate.clear()
    events: list[VadEvent] = []
    activity = SileroActivity(lambda: model)
    stream = activity.open(sample_rate=RATE, on_event=events.append)
    for _ in range(_MOST_WAITING):
        stream.send(loud(0.0) + bytes(2 * WINDOW))
        await asyncio.sleep(0)
        assert len(stream._waiting) <= _MOST_WAITING
    assert events == [SpeechStarted(0)]
    model.gate.set()
    await until_judged(stream)
    assert stream._edges.position_ms == 2 * _MOST_WAITING * 32
    await activity.aclose()


async def until_judged(stream: SileroStream) -> None:
    async with asyncio.timeout(10):
        while stream._enlisted:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
