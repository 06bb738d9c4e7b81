"""A conversation that goes on for as long as it is told to, in virtual time, with all that happens in one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import cycle

from parley_contract.limits import LimitsConfig
from parley_gateway.conversation.events import (
    DtmfReceived,
    EndOfTurn,
    FailureKind,
    PlayoutReported,
    Quality,
    Stage,
    TextReceived,
    TurnEnd,
)
from parley_gateway.conversation.history import ToolCall
from parley_gateway.ports import ProviderError
from tests.unit.session.world import (
    Answer,
    ScriptedLlm,
    ScriptedTools,
    ScriptedTts,
    Voice,
    World,
)

Turn = Callable[[World], Awaitable[None]]


class RepeatingLlm(ScriptedLlm):
    """Goes through its answers again and again; each call has an id, and each failure a traceback, of its own."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self._cycle = cycle(answers)
        self._asked = 0

    def next_answer(self) -> Answer:
        self._asked += 1
        answer = next(self._cycle)
        calls = tuple(ToolCall(f"{call.id}.{self._asked}", call.name, call.arguments) for call in answer.calls)
        fails = ProviderError(Stage.LLM, FailureKind.CUT, "by script") if answer.fails else None
        return Answer(answer.text, calls, answer.first_token_s, answer.interval_s, fails)


def long_world(seconds: float) -> World:
    """Its model answers in sentences, calls tools, and fails now and then, but never three times in a row."""
    plain = Answer("Yes. Of course, that is no trouble at all. Anything else?")
    return World(
        limits=LimitsConfig(session_duration=2 * seconds, idle_timeout=600),
        llm=RepeatingLlm(
            plain,
            Answer("Let me see.", calls=(ToolCall("c", "book", "{}"),)),
            plain,
            Answer("One moment. And", fails=ProviderError(Stage.LLM, FailureKind.CUT, "by script")),
            plain,
        ),
        tts=ScriptedTts(Voice(ms_per_character=60)),
        tools=ScriptedTools(takes_s=0.5),
        greeting="Hello.",
    )


async def converse(world: World, until_s: float) -> int:
    """Turn after turn; returns how many there were."""
    for turns, turn in enumerate(cycle(TURNS)):
        if world.loop.time() >= until_s:
            return turns
        for _ in range(10):
            world.session.audio(bytes(3200))
        await turn(world)
        await asyncio.sleep(8.0)
        _forget(world)
    raise AssertionError("turns do not end")


async def _asks(world: World) -> None:
    await world.caller_says("book a table")


async def _interrupts(world: World) -> None:
    await world.caller_says("tell me more")
    await asyncio.sleep(1.5)
    world.session.event(PlayoutReported(max(world.client.began, default=1), 700, Quality.REPORTED))
    await world.caller_says("no wait, for three", seconds=0.5)


async def _listens(world: World) -> None:
    await world.caller_says("go on")
    await asyncio.sleep(1.5)
    await world.caller_says("mhm", seconds=0.3)


async def _coughs(world: World) -> None:
    await world.caller_says("go on")
    await asyncio.sleep(1.5)
    world.caller_starts()
    await asyncio.sleep(0.1)
    world.caller_stops()


async def _hesitates(world: World) -> None:
    world.caller_starts()
    world.hears("for two")
    world.stt.stream.says(EndOfTurn(TurnEnd.EAGER))
    await asyncio.sleep(0.5)
    world.stt.stream.says(EndOfTurn(TurnEnd.WITHDRAWN))
    world.hears("or three")
    world.caller_stops()
    world.stt.stream.says(EndOfTurn(TurnEnd.FINAL))


async def _types(world: World) -> None:
    world.session.event(TextReceived("for four"))
    world.session.event(DtmfReceived("4"))
    world.session.event(DtmfReceived("#"))


async def _is_cut_off(world: World) -> None:
    world.hears("a table", final=False)
    world.stt.stream.breaks()
    await asyncio.sleep(1.0)


TURNS: tuple[Turn, ...] = (_asks, _interrupts, _listens, _coughs, _hesitates, _types, _is_cut_off)


def _forget(world: World) -> None:
    """What the script's own actors remember is no part of a session."""
    client, measured = world.client, world.measured
    for remembered in (client.writes, client.notices, client.cleared, client.finished, world.llm.requests):
        remembered.clear()
    for noted in (world.tts.spoken, world.tts.contexts, measured.latencies, measured.usage, measured.replies):
        noted.clear()
    measured.failures.clear()
    measured.tools.clear()
    client.began -= set(sorted(client.began)[:-2])
    del world.stt.streams[:-1]
    world.stt.stream.received.clear()
