"""Scenes of turn-taking, played to the end in virtual time (G4, G5, G6)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from parley_contract.agent import Phrases
from parley_contract.limits import LimitsConfig
from parley_contract.turn_taking import TurnTakingConfig
from parley_gateway.audio.edges import VadEvent
from parley_gateway.audio.energy import EnergyActivity, EnergyStream
from parley_gateway.conversation.events import (
    EndOfTurn,
    EndReason,
    PlayoutReported,
    Quality,
    SpeechStarted,
    TranscriptChanged,
    TurnEnd,
    Word,
)
from parley_gateway.conversation.history import Speaker, ToolCall, Utterance
from parley_gateway.conversation.notices import (
    ReplyBegan,
    ReplyContinued,
    ReplyCutShort,
    ReplyHeld,
    ReplyOver,
    ReplyStatus,
    TranscriptUpdated,
)
from tests.emulators.speech import silence, speech_like
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

LONG = Answer("I can offer you a table on Tuesday at seven. There is also one by the window on Friday at eight.")
CLIENTS = [{"can_pause": True}, {"can_pause": False}, {"can_pause": False, "can_drop": True, "lead_ms": 1000}]
CLIENT_IDS = ["pauses", "plays what it has", "drops"]


async def agent_speaks(world: World, *, for_s: float) -> None:
    """A turn, and so much of its answer."""
    await world.caller_says("a table for two")
    await world.until(lambda: world.client.writes)
    await asyncio.sleep(for_s)


@pytest.mark.parametrize("client", CLIENTS, ids=CLIENT_IDS)
def test_g04_the_recogniser_s_sign_of_speech_pauses_the_agent_in_the_same_tick(client: dict[str, int]) -> None:
    async def scene() -> None:
        async with World(llm=ScriptedLlm(LONG), client=ListeningClient(**client)) as world:  # type: ignore[arg-type]
            await agent_speaks(world, for_s=1.0)
            heard_at = world.loop.time()
            world.stt.stream.says(SpeechStarted(int(heard_at * 1000)))
            written = len(world.client.writes)
            await asyncio.sleep(0.15)
            assert world.client.told_at(ReplyHeld) == [heard_at], "no time has passed"
            assert len(world.client.writes) == written, "and nothing is sent"
            assert world.client.cleared == [], "nor given up"

    run(scene())


class TimedActivity(EnergyActivity):
    """Remembers when it told of speech."""

    def __init__(self) -> None:
        self.told_at: list[float] = []

    def open(self, *, sample_rate: int, on_event: Callable[[VadEvent], None]) -> EnergyStream:
        def tell(event: VadEvent) -> None:
            self.told_at.append(asyncio.get_running_loop().time())
            on_event(event)

        return super().open(sample_rate=sample_rate, on_event=tell)


def test_g04_our_own_detector_s_sign_of_speech_pauses_the_agent_in_the_same_tick() -> None:
    async def scene() -> None:
        detector = TimedActivity()
        async with World(llm=ScriptedLlm(LONG), voice_activity=detector) as world:
            await agent_speaks(world, for_s=1.0)
            sound = silence(400, rate=16_000) + speech_like(600, rate=16_000)
            begins_at = world.loop.time() + 0.4
            for at in range(0, len(sound), 640):
                await asyncio.sleep(0.02)
                world.session.audio(sound[at : at + 640])
            assert world.client.told_at(ReplyHeld) == detector.told_at[:1], "no time has passed"
            assert 0 < detector.told_at[0] - begins_at <= 0.15, "what it takes to tell speech from a click"

    run(scene())


@pytest.mark.parametrize("client", CLIENTS, ids=CLIENT_IDS)
def test_g04_a_false_interruption_costs_the_client_no_sample(client: dict[str, int]) -> None:
    async def scene() -> None:
        async with World(llm=ScriptedLlm(LONG), client=ListeningClient(**client)) as world:  # type: ignore[arg-type]
            await agent_speaks(world, for_s=1.5)
            world.caller_starts()
            await asyncio.sleep(0.6)
            world.caller_stops()
            await world.until(lambda: world.client.told(ReplyOver))
            assert len(world.client.told(ReplyHeld)) == len(world.client.told(ReplyContinued)) == 1
            paused_s = world.client.told_at(ReplyContinued)[0] - world.client.told_at(ReplyHeld)[0]
            assert paused_s == pytest.approx(0.6 + world.timings.false_interruption_s, abs=0.02)
            assert world.measured.replies == [ReplyStatus.COMPLETED]
            ends = {write.offset_ms + write.ms for write in world.client.writes}
            begins = {write.offset_ms for write in world.client.writes}
            assert begins - ends == {0}, "each piece begins where another ended"
            assert max(ends) == world.tts.made_ms

    run(scene())


@pytest.mark.parametrize("says", ["mhm", "yeah, okay", "I see"])
def test_g04_a_listener_s_word_pauses_the_agent_for_a_moment_and_is_not_answered(says: str) -> None:
    async def scene() -> None:
        async with World(llm=ScriptedLlm(LONG)) as world:
            await agent_speaks(world, for_s=1.0)
            await world.caller_says(says, seconds=0.3)
            await world.until(lambda: world.client.told(ReplyOver))
            assert world.measured.replies == [ReplyStatus.COMPLETED]
            assert len(world.llm.requests) == 1
            assert world.client.told(TranscriptUpdated)[-1].text == says

    run(scene())


def test_g04_the_agent_s_own_words_from_a_loudspeaker_do_not_stop_it() -> None:
    async def scene() -> None:
        async with World(llm=ScriptedLlm(LONG)) as world:
            await agent_speaks(world, for_s=1.6)
            await world.caller_says("offer you a table on", seconds=0.8)
            await world.until(lambda: world.client.told(ReplyOver))
            assert world.measured.replies == [ReplyStatus.COMPLETED]
            assert len(world.llm.requests) == 1
            assert [one for one in world.session.history if isinstance(one, Utterance)][-1].text == LONG.text

    run(scene())


def test_g04_the_semantic_rule_waits_for_one_who_has_not_finished_and_not_for_one_who_has() -> None:
    async def scene() -> None:
        waited = []
        for says in ("I would like to", "A table for two, please."):
            turn_taking = TurnTakingConfig(end_of_turn="Semantic", preemptive=False)
            async with World(stt=ScriptedStt(owns_turns=False), turn_taking=turn_taking) as world:
                world.caller_starts()
                await asyncio.sleep(1.0)
                world.hears(says)
                world.caller_stops()
                stopped_at = world.loop.time()
                await world.until(lambda: world.llm.requests, step_s=0.01)
                waited.append(world.loop.time() - stopped_at)
        assert waited == pytest.approx([1.6, 0.35], abs=0.02)

    run(scene())


def test_g05_an_answer_that_was_begun_early_is_heard_as_soon_as_the_turn_is_over() -> None:
    async def scene() -> None:
        turn_taking = TurnTakingConfig(end_of_turn="Silence")
        async with World(stt=ScriptedStt(owns_turns=False), turn_taking=turn_taking) as world:
            world.caller_starts()
            await asyncio.sleep(1.0)
            world.hears("what time is it")
            world.caller_stops()
            stopped_at = world.loop.time()
            await world.until(lambda: world.client.writes, step_s=0.01)
            assert world.client.writes[0].at - stopped_at == pytest.approx(0.6, abs=0.02)
            assert len(world.llm.requests) == 1

    run(scene())


def test_g05_a_caller_who_goes_on_hears_nothing_of_the_answer_that_was_begun() -> None:
    async def scene() -> None:
        async with World() as world:
            world.caller_starts()
            world.hears("book a table")
            world.stt.stream.says(EndOfTurn(TurnEnd.EAGER))
            await asyncio.sleep(1.0)
            assert world.tts.made_ms > 0, "it was even spoken"
            world.stt.stream.says(EndOfTurn(TurnEnd.WITHDRAWN))
            await asyncio.sleep(0.1)
            assert (world.llm.open, world.tts.open) == (0, 0)
            world.hears("for two")
            world.stt.stream.says(EndOfTurn(TurnEnd.FINAL))
            await world.until(lambda: world.client.told(ReplyOver))
            assert {write.reply for write in world.client.writes} == {2}
            assert world.history == [("caller", "book a table for two")]

    run(scene())


def test_g04_where_speech_may_not_stop_the_agent_it_is_answered_when_it_has_finished() -> None:
    async def scene() -> None:
        async with World(llm=ScriptedLlm(LONG), turn_taking=TurnTakingConfig(barge_in="Disabled")) as world:
            await agent_speaks(world, for_s=1.0)
            await world.caller_says("no, for three")
            await world.until(lambda: len(world.client.told(ReplyBegan)) == 2)
            assert world.measured.replies == [ReplyStatus.COMPLETED]
            assert world.client.told(ReplyHeld) == []
            assert world.history == [
                ("caller", "a table for two"),
                ("agent", LONG.text),
                ("caller", "no, for three"),
            ]

    run(scene())


@pytest.mark.parametrize("quality", [Quality.REPORTED, Quality.MARK, Quality.ESTIMATED])
def test_g04_the_history_says_how_well_it_is_known_what_was_heard(quality: Quality) -> None:
    async def scene() -> None:
        client = ListeningClient(reports_playout=quality is not Quality.ESTIMATED)
        async with World(llm=ScriptedLlm(LONG), client=client) as world:
            await agent_speaks(world, for_s=2.0)
            if quality is not Quality.ESTIMATED:
                world.session.event(PlayoutReported(1, 1000, quality))
            await world.caller_says("stop", seconds=0.5)
            (cut,) = world.client.told(ReplyCutShort)
            said = world.session.history[1]
            assert isinstance(said, Utterance)
            assert (said.speaker, said.text, said.quality) == (Speaker.AGENT, cut.heard.text, quality)
            assert LONG.text.startswith(said.text)
            assert len(said.text) * 50 <= cut.heard.ms

    run(scene())


def test_g04_word_timings_say_what_was_heard_to_the_word() -> None:
    class TimedTts(ScriptedTts):
        """Takes a breath of 300 ms before it speaks, which only its words' timings tell of."""

        async def speak(self, request, segments):  # type: ignore[no-untyped-def]
            async for audio in super().speak(request, segments):
                text, at, words = self.spoken[-1], 0, []
                for word in text.split():
                    end = at + len(word)
                    words.append(Word(word, 300 + at * 50, 300 + end * 50))
                    at = end + 1
                told = tuple(words) if audio.segment not in self.told else ()
                self.told.add(audio.segment)
                yield type(audio)(audio.segment, audio.pcm, told)

        told: set[int]

    async def scene() -> None:
        tts = TimedTts()
        tts.told = set()
        async with World(llm=ScriptedLlm(LONG), tts=tts) as world:
            await agent_speaks(world, for_s=0.62)
            world.stt.stream.says(TranscriptChanged(9, "no stop", final=False))
            await asyncio.sleep(0.01)
            (cut,) = world.client.told(ReplyCutShort)
            assert cut.heard.ms == pytest.approx(620, abs=25)
            assert cut.heard.text == "I can", "by proportion it would be one word more"

    run(scene())


def test_g06_a_caller_who_says_nothing_is_asked_once_and_then_hung_up_on() -> None:
    async def scene() -> None:
        phrases = Phrases(still_there="Are you still there?", goodbye="", apology="")
        async with World(phrases=phrases, limits=LimitsConfig(idle_timeout=60)) as world:
            assert await world.running is EndReason.IDLE
            assert world.tts.spoken == ["Are you still there?"]
            assert world.client.told_at(ReplyBegan)[0] == pytest.approx(45, abs=0.1)
            assert world.loop.time() == pytest.approx(60, abs=0.1)

    run(scene())


def test_g12_what_a_tool_did_is_not_lost_to_an_interruption() -> None:
    async def scene() -> None:
        calls = Answer("Let me book it for you at once, one moment.", calls=(ToolCall("c1", "book", "{}"),))
        tools = ScriptedTools(takes_s=3.0)
        async with World(llm=ScriptedLlm(calls, Answer("Yes?")), tools=tools) as world:
            await world.caller_says("book a table")
            await world.until(lambda: tools.open)
            await asyncio.sleep(1.0)
            await world.caller_says("and wine", seconds=0.5)
            await world.until(lambda: not tools.open)
            await world.until(lambda: world.measured.replies[-1:] == [ReplyStatus.COMPLETED])
            await world.caller_says("is it done")
            await world.until(lambda: ("book", "done: {}") in world.history)
            assert len(tools.calls) == 1

    run(scene())


def test_g10_an_answer_that_stalls_is_apologised_for_within_the_longest_silence() -> None:
    async def scene() -> None:
        phrases = Phrases(apology="Sorry. Once more?", still_there="", goodbye="")
        llm = ScriptedLlm(Answer("", stalls=True), Answer())
        turn_taking = TurnTakingConfig(longest_silence=6.0)
        async with World(llm=llm, phrases=phrases, turn_taking=turn_taking) as world:
            await world.caller_says("hello")
            asked_at = world.loop.time()
            await world.until(lambda: world.client.writes)
            assert world.tts.spoken[0] == "Sorry."
            assert world.client.writes[0].at - asked_at == pytest.approx(
                6.0 + world.tts.voice.first_audio_s, abs=0.05
            )

    run(scene())


def test_g10_a_slow_voice_is_heard_to_its_end() -> None:
    async def scene() -> None:
        tts = ScriptedTts(Voice(first_audio_s=5.0))
        async with World(tts=tts, turn_taking=TurnTakingConfig(longest_silence=6.0)) as world:
            await world.caller_says("hello")
            await world.until(lambda: world.client.told(ReplyOver))
            assert world.measured.replies == [ReplyStatus.COMPLETED]

    run(scene())
