"""Whatever callers, clients and providers do in whatever order, what `Audit` says holds of the whole session."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hypothesis import given
from hypothesis import strategies as st

from parley_contract.agent import Phrases
from parley_contract.limits import LimitsConfig
from parley_contract.turn_taking import TurnTakingConfig
from parley_gateway.conversation.events import (
    ClearRequested,
    CommitRequested,
    DtmfReceived,
    EndOfTurn,
    EndReason,
    FailureKind,
    InterruptRequested,
    PlayoutReported,
    Quality,
    ReplyRequested,
    Stage,
    TextReceived,
    TurnEnd,
)
from parley_gateway.conversation.history import ToolCall
from parley_gateway.ports import ProviderError
from tests.unit.session.audit import Audit
from tests.unit.session.virtual_time import run
from tests.unit.session.world import (
    Answer,
    ListeningClient,
    ScriptedLlm,
    ScriptedStt,
    ScriptedTools,
    ScriptedTts,
    Voice,
    World,
)

CUT = ProviderError(Stage.LLM, FailureKind.CUT, "by script")
BOOK = ToolCall("c1", "book", "{}")
ANSWERS = st.sampled_from(
    [
        Answer(),
        Answer("Yes."),
        Answer("Three rooms are free, as far as I can see, and each has a balcony. Which one shall it be?"),
        Answer("Well, let me think about that for a moment.", first_token_s=3.0, interval_s=0.4),
        Answer("Let me see.", calls=(BOOK,)),
        Answer("", calls=(BOOK,)),
        Answer("", fails=CUT),
        Answer("Good day to you. What can", fails=CUT),
        Answer("Good day to you. <rewind> What else?"),
        Answer("", stalls=True),
        Answer("I was about to say. And", stalls=True),
    ]
)
VOICES = st.sampled_from(
    [
        Voice(),
        Voice(),
        Voice(speed=1000),
        Voice(speed=0.8),
        Voice(first_audio_s=2.0),
        Voice(fails_after_chunks=0),
        Voice(fails_after_chunks=4),
        Voice(stalls_after_chunks=0),
        Voice(stalls_after_chunks=3),
        Voice(clean_up_s=1.0),
    ]
)
CLIENTS = st.fixed_dictionaries(
    {
        "can_pause": st.booleans(),
        "can_drop": st.booleans(),
        "lead_ms": st.sampled_from([20, 300, 1000]),
    }
)
Step = Callable[[World, Audit], Awaitable[None]]


def _turn(text: str, seconds: float) -> Step:
    async def step(world: World, audit: Audit) -> None:
        world.caller_starts()
        await asyncio.sleep(seconds)
        audit.caller_sounds()
        world.hears(text)
        world.caller_stops()
        await asyncio.sleep(0.001)
        audit.caller_sounds()
        world.stt.stream.says(EndOfTurn(TurnEnd.FINAL))

    return step


def _draft(text: str, *, goes_on: bool) -> Step:
    async def step(world: World, audit: Audit) -> None:
        world.caller_starts()
        await asyncio.sleep(0.5)
        world.hears(text)
        world.stt.stream.says(EndOfTurn(TurnEnd.EAGER))
        await asyncio.sleep(0.4)
        if goes_on:
            world.stt.stream.says(EndOfTurn(TurnEnd.WITHDRAWN))
            await asyncio.sleep(0.5)
            world.hears("and one more thing")
        world.caller_stops()
        await asyncio.sleep(0.001)
        audit.caller_sounds()
        world.stt.stream.says(EndOfTurn(TurnEnd.FINAL))

    return step


def _sound(seconds: float, *, ends: bool) -> Step:
    async def step(world: World, audit: Audit) -> None:
        world.caller_starts()
        await asyncio.sleep(seconds)
        audit.caller_sounds()
        if ends:
            world.caller_stops()

    return step


def _pass(seconds: float) -> Step:
    async def step(_world: World, audit: Audit) -> None:
        await asyncio.sleep(seconds)
        audit.check_history()

    return step


def _client(*events: object) -> Step:
    async def step(world: World, _: Audit) -> None:
        for event in events:
            world.session.event(event)  # type: ignore[arg-type]

    return step


def _reports(share: float, quality: Quality) -> Step:
    async def step(world: World, audit: Audit) -> None:
        for reply in list(audit.replies)[-2:]:
            world.session.event(PlayoutReported(reply, int(audit.played_ms(reply) * share), quality))

    return step


async def _recogniser_breaks(world: World, _: Audit) -> None:
    world.stt.stream.breaks()
    await asyncio.sleep(0.5)


STEPS = st.one_of(
    st.builds(_turn, st.sampled_from(["book a table", "for two", "mhm", "yes", ""]), st.sampled_from([0.1, 1.0])),
    st.builds(_draft, st.just("what time is it"), goes_on=st.booleans()),
    st.builds(_sound, st.sampled_from([0.1, 0.5, 3.0]), ends=st.booleans()),
    st.builds(_pass, st.sampled_from([0.02, 0.3, 1.5, 4.0, 20.0])),
    st.builds(_pass, st.sampled_from([0.5, 1.5, 4.0])),
    st.builds(_reports, st.floats(0, 1), st.sampled_from([Quality.REPORTED, Quality.MARK])),
    st.sampled_from(
        [
            _client(TextReceived("hello")),
            _client(CommitRequested()),
            _client(ClearRequested()),
            _client(ReplyRequested()),
            _client(InterruptRequested()),
            _client(DtmfReceived("4"), DtmfReceived("#")),
            _recogniser_breaks,
        ]
    ),
)


@given(
    steps=st.lists(STEPS, min_size=3, max_size=14),
    answers=st.lists(ANSWERS, min_size=1, max_size=4),
    voice=VOICES,
    client=CLIENTS,
    owns_turns=st.booleans(),
    takes_s=st.sampled_from([0.0, 1.0, 12.0, 1000.0]),
    turn_taking=st.sampled_from(
        [
            TurnTakingConfig(),
            TurnTakingConfig(end_of_turn="Semantic", longest_silence=8.0),
            TurnTakingConfig(barge_in="Disabled", preemptive=False),
        ]
    ),
    phrases=st.sampled_from([Phrases(), Phrases(apology="", still_there="", goodbye="")]),
    ends_by=st.sampled_from([None, EndReason.CLIENT_GONE, EndReason.BUDGET]),
)
def test_g04_g10_whatever_happens(
    steps: list[Step],
    answers: list[Answer],
    voice: Voice,
    client: dict[str, int],
    owns_turns: bool,
    takes_s: float,
    turn_taking: TurnTakingConfig,
    phrases: Phrases,
    ends_by: EndReason | None,
) -> None:
    """Never two replies at once, no silence beyond its bound, a history of what was heard, and one end."""

    async def scene() -> None:
        world = World(
            stt=ScriptedStt(owns_turns=owns_turns),
            llm=ScriptedLlm(*answers),
            tts=ScriptedTts(voice),
            client=ListeningClient(reports_playout=True, **client),  # type: ignore[arg-type]
            tools=ScriptedTools(takes_s=takes_s),
            greeting="Hello. How can I help you today?",
            phrases=phrases,
            limits=LimitsConfig(session_duration=400, idle_timeout=60),
            turn_taking=turn_taking,
        )
        audit = Audit(world)
        async with world:
            for step in steps:
                if not world.running.done():
                    await step(world, audit)
            if ends_by is EndReason.CLIENT_GONE:
                world.session.hang_up(ends_by)
            elif ends_by is not None:
                world.session.end(ends_by, farewell=True)
            reason = await world.running
            assert world.loop.time() <= 400 + world.timings.farewell_s + 3
        audit.check_end()
        assert world.client.ended == world.measured.ends == [reason]
        assert reason is not EndReason.INTERNAL

    run(scene())
