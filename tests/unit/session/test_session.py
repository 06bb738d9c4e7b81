"""Whole conversations in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from parley_contract.limits import LimitsConfig
from parley_contract.turn_taking import TurnTakingConfig
from parley_gateway.conversation.events import (
    ClearRequested,
    CommitRequested,
    EndOfTurn,
    EndReason,
    FailureKind,
    PlayoutReported,
    Quality,
    ReplyRequested,
    SpeechStarted,
    SpeechStopped,
    Stage,
    TextReceived,
    TranscriptChanged,
    TurnEnd,
    Word,
)
from parley_gateway.conversation.history import Speaker, ToolCall, Utterance
from parley_gateway.conversation.notices import (
    CallerQuiet,
    Draining,
    InputDropped,
    Problem,
    ReplyBegan,
    ReplyContinued,
    ReplyCutShort,
    ReplyHeld,
    ReplyOver,
    ReplyStatus,
    ReplyTextAdded,
    TranscriptUpdated,
)
from parley_gateway.ports import ProviderError, Unit
from parley_gateway.session.observer import Latency
from tests.unit.session.virtual_time import VirtualTimeLoop, run
from tests.unit.session.world import (
    Answer,
    ListeningClient,
    ScriptedLlm,
    ScriptedStt,
    ScriptedTools,
    ScriptedTts,
    Voice,
    World,
    Write,
)

SPOKEN = "Good day to you. What can I do for you today?"


def test_a_caller_is_answered_and_the_conversation_goes_on() -> None:
    async def scene() -> None:
        async with World(greeting="Hello.") as world:
            await world.until(lambda: world.client.told(ReplyOver))
            await world.caller_says("what time is it")
            await world.until(lambda: len(world.client.told(ReplyOver)) == 2)
            await world.caller_says("thank you")
            await world.until(lambda: len(world.client.told(ReplyOver)) == 3)
            assert world.history == [
                ("agent", "Hello."),
                ("caller", "what time is it"),
                ("agent", SPOKEN),
                ("caller", "thank you"),
            ]
            assert world.measured.replies == [ReplyStatus.COMPLETED] * 3
            assert world.tts.contexts == ["s1:1", "s1:2", "s1:3"]
        assert world.client.ended == [EndReason.CLIENT_ENDED]

    run(scene())


def test_text_speech_and_playout_overlap() -> None:
    async def scene() -> None:
        answer = Answer("One two three. " * 20, interval_s=0.1)
        async with World(llm=ScriptedLlm(answer)) as world:
            await world.caller_says("count")
            asked = world.loop.time()
            await world.until(lambda: world.client.writes)
            assert world.llm.open == world.tts.open == 1, "model and voice are still at work"
            first_sentence_s = answer.first_token_s + 2 * answer.interval_s
            assert world.client.writes[0].at - asked == pytest.approx(first_sentence_s + 0.1, abs=0.03)

    run(scene())


def test_the_client_gets_every_sample_once_and_in_order() -> None:
    async def scene() -> None:
        async with World() as world:
            await world.caller_says("hello")
            await world.until(lambda: world.client.told(ReplyOver))
            samples = world.client.pcm(1)
            numbers = [int.from_bytes(samples[at : at + 2], "little") for at in range(0, len(samples), 2)]
            assert numbers == [n % 30_000 for n in range(len(numbers))]
            assert world.client.sent_ms(1) == world.tts.made_ms
            offsets = [write.offset_ms for write in world.client.writes]
            assert offsets == sorted(offsets)
            assert world.measured.underruns == []

    run(scene())


def test_a_voice_at_another_rate_is_resampled_and_none_of_it_is_lost() -> None:
    async def scene() -> None:
        async with World(tts=ScriptedTts(sample_rate=16_000)) as world:
            await world.caller_says("hello")
            await world.until(lambda: world.client.told(ReplyOver))
            assert world.client.sent_ms(1) == pytest.approx(world.tts.made_ms, abs=2)

    run(scene())


# --- barge-in ---


def test_barge_in_stops_the_answer_and_only_what_was_heard_stays() -> None:
    async def scene() -> None:
        async with World() as world:
            await world.caller_says("hello")
            await world.until(lambda: world.client.writes)
            await asyncio.sleep(1.5)
            world.caller_starts()
            await asyncio.sleep(0.01)
            held_at = world.client.told_at(ReplyHeld)[0]
            await asyncio.sleep(0.3)
            world.hears("no, wait", final=False)
            await asyncio.sleep(0.01)
            (cut,) = world.client.told(ReplyCutShort)
            assert world.client.cleared[0][0] - held_at == pytest.approx(0.3, abs=0.02)
            assert cut.heard.ms == pytest.approx(1500, abs=30)
            assert SPOKEN.startswith(cut.heard.text)
            assert 0 < len(cut.heard.text) < len(SPOKEN)
            world.stt.stream.says(EndOfTurn(TurnEnd.FINAL))
            await world.until(lambda: len(world.llm.requests) == 2)
            assert world.history[-2:] == [("agent", cut.heard.text), ("caller", "no, wait")]
            assert world.llm.requests[-1].history[-2] == Utterance(Speaker.AGENT, cut.heard.text, interrupted=True)
            assert len(world.measured.of(Latency.BARGE_IN)) == 1

    run(scene())


def test_after_a_barge_in_nothing_of_the_old_reply_is_sent_or_worked_on() -> None:
    async def scene() -> None:
        long = Answer("A very long sentence indeed. " * 40)
        async with World(llm=ScriptedLlm(long)) as world:
            await world.caller_says("tell me everything")
            await world.until(lambda: world.client.writes)
            world.hears("stop", final=False)
            await asyncio.sleep(0.01)
            assert (world.llm.open, world.tts.open) == (0, 0)
            sent = len(world.client.writes)
            await asyncio.sleep(2.0)
            assert len(world.client.writes) == sent

    run(scene())


def test_a_cough_lets_the_answer_go_on_from_where_it_stopped() -> None:
    async def scene() -> None:
        async with World() as world:
            await world.caller_says("hello")
            await world.until(lambda: world.client.writes)
            await asyncio.sleep(1.0)
            world.caller_starts()
            await asyncio.sleep(0.1)
            world.caller_stops()
            await world.until(lambda: world.client.told(ReplyOver))
            assert [notice.status for notice in world.client.told(ReplyOver)] == [ReplyStatus.COMPLETED]
            assert len(world.client.told(ReplyHeld)) == len(world.client.told(ReplyContinued)) == 1
            assert world.client.sent_ms(1) == world.tts.made_ms
            assert world.client.told_at(ReplyOver)[0] - world.client.writes[0].at == pytest.approx(
                world.tts.made_ms / 1000 + 0.1, abs=0.03
            )

    run(scene())


def test_a_voice_that_is_slow_to_let_go_keeps_nobody_waiting() -> None:
    async def scene() -> None:
        voice = Voice(clean_up_s=1.5)
        async with World(tts=ScriptedTts(voice)) as world:
            await world.caller_says("hello")
            await world.until(lambda: world.client.writes)
            await world.caller_says("stop", seconds=0.3)
            await world.until(lambda: len(world.client.told(ReplyBegan)) == 2, within_s=0.1)
            await world.until(lambda: {write.reply for write in world.client.writes} == {1, 2}, within_s=2.0)

    run(scene())


def test_a_voice_that_never_lets_go_is_told_of_and_left(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        world = World(tts=ScriptedTts(Voice(clean_up_s=60)))
        running = asyncio.create_task(world.session.run())
        await asyncio.sleep(0.001)
        await world.caller_says("hello")
        await world.until(lambda: world.client.writes)
        hung_up_at = world.loop.time()
        world.session.hang_up(EndReason.CLIENT_ENDED)
        assert await running is EndReason.CLIENT_ENDED
        assert world.loop.time() - hung_up_at < 5
        await asyncio.sleep(60)

    run(scene())
    assert "a cancelled task does not end" in caplog.text


def test_what_the_client_reports_decides_what_was_heard() -> None:
    async def scene() -> None:
        async with World(client=ListeningClient(reports_playout=True)) as world:
            await world.caller_says("hello")
            await world.until(lambda: world.client.writes)
            await asyncio.sleep(1.0)
            world.session.event(PlayoutReported(1, 400, Quality.REPORTED))
            world.hears("stop", final=False)
            await asyncio.sleep(0.01)
            (cut,) = world.client.told(ReplyCutShort)
            assert (cut.heard.ms, cut.heard.quality) == (400, Quality.REPORTED)
            assert cut.heard.text == "Good day"
            world.session.event(PlayoutReported(1, 60_000, Quality.REPORTED))
            world.stt.stream.says(EndOfTurn(TurnEnd.FINAL))
            await world.until(lambda: len(world.llm.requests) == 2)
            heard = world.history[-2][1]
            assert len(heard) > len("Good day"), "the late report is believed"
            assert len(heard) * 50 <= world.client.sent_ms(1) + 50 * len("today"), "no more than it was sent"

    run(scene())


def test_a_client_that_lies_about_a_reply_that_never_was_changes_nothing() -> None:
    async def scene() -> None:
        async with World() as world:
            for reply in (0, 1, 99):
                world.session.event(PlayoutReported(reply, 1000, Quality.REPORTED, finished=True))
            await world.caller_says("hello")
            await world.until(lambda: world.client.told(ReplyOver))
            assert world.measured.replies == [ReplyStatus.COMPLETED]

    run(scene())


# --- turns ---


def test_a_draft_saves_the_time_that_the_recogniser_takes_to_be_sure() -> None:
    async def scene() -> None:
        async with World() as world:
            world.caller_starts()
            world.hears("hello")
            world.stt.stream.says(EndOfTurn(TurnEnd.EAGER))
            await asyncio.sleep(0.6)
            assert world.client.writes == []
            assert world.client.told(ReplyTextAdded) == []
            world.stt.stream.says(EndOfTurn(TurnEnd.FINAL))
            await asyncio.sleep(0.001)
            assert world.client.writes
            assert len(world.llm.requests) == 1
            assert world.measured.of(Latency.FIRST_TOKEN) == world.measured.of(Latency.FIRST_AUDIO) == [0.0]

    run(scene())


def test_g05_a_draft_that_is_ready_is_announced_before_it_is_heard() -> None:
    async def scene() -> None:
        async with World(llm=ScriptedLlm(Answer("Good."))) as world:
            world.caller_starts()
            world.hears("hello")
            world.stt.stream.says(EndOfTurn(TurnEnd.EAGER))
            await asyncio.sleep(2.0)
            world.stt.stream.says(EndOfTurn(TurnEnd.FINAL))
            await world.until(lambda: world.client.writes)
            assert world.client.began == {1}, "the client itself refuses audio of a reply it was not told of"

    run(scene())


def test_a_draft_that_is_withdrawn_leaves_nothing_behind() -> None:
    async def scene() -> None:
        async with World() as world:
            world.caller_starts()
            world.hears("book a table")
            world.stt.stream.says(EndOfTurn(TurnEnd.EAGER))
            await asyncio.sleep(0.5)
            world.stt.stream.says(EndOfTurn(TurnEnd.WITHDRAWN))
            world.hears("for two")
            world.stt.stream.says(EndOfTurn(TurnEnd.FINAL))
            await world.until(lambda: len(world.llm.requests) == 2)
            assert world.history == [("caller", "book a table for two")]
            assert [notice.reply for notice in world.client.told(ReplyBegan)] == [2]

    run(scene())


def test_a_commit_hands_over_the_last_of_the_audio_and_asks_for_the_rest() -> None:
    async def scene() -> None:
        async with World() as world:
            world.session.audio(bytes(320))
            world.session.event(CommitRequested())
            assert len(world.stt.stream.received) == 320
            assert world.stt.stream.finalized == 1

    run(scene())


def test_muting_ends_the_speech_and_ignores_what_follows() -> None:
    async def scene() -> None:
        async with World(stt=ScriptedStt(owns_turns=False)) as world:
            world.caller_starts()
            world.hears("hello")
            await asyncio.sleep(0.01)
            world.session.audio(bytes(320))
            world.session.mute(True)
            world.session.audio(bytes(32_000))
            assert len(world.stt.stream.received) == 320
            await world.until(lambda: world.llm.requests, within_s=1.0)
            world.session.mute(False)
            world.session.audio(bytes(3200))
            assert len(world.stt.stream.received) == 3520

    run(scene())


def test_audio_is_handed_on_in_pieces_worth_a_send() -> None:
    async def scene() -> None:
        async with World() as world:
            for _ in range(50):
                world.session.audio(bytes(640))
            assert len(world.stt.stream.received) == 48 * 640
            assert world.stt.stream.sends == 12

    run(scene())


# --- latencies ---


def test_what_a_caller_waits_for_is_measured() -> None:
    async def scene() -> None:
        async with World() as world:
            world.session.audio(bytes(32_000))
            world.stt.stream.says(TranscriptChanged(5, "hello", False, (Word("hello", 400, 900),)))
            world.stt.stream.says(TranscriptChanged(5, "hello.", False, (Word("hello.", 400, 900),)))
            world.stt.stream.says(EndOfTurn(TurnEnd.FINAL))
            await world.until(lambda: world.client.told(ReplyOver))
            assert world.measured.of(Latency.PARTIAL_ASR) == [0.1]
            assert world.measured.of(Latency.FIRST_TOKEN) == [0.2]
            assert world.measured.of(Latency.SYNTHESIS) == [0.1]
            assert world.measured.of(Latency.FIRST_AUDIO) == [pytest.approx(0.36, abs=0.03)]
            assert [usage.amounts[Unit.INPUT_TOKENS] for usage in world.measured.usage] == [10]

    run(scene())


# --- providers that fail ---


@pytest.mark.parametrize(
    "failure",
    [ProviderError(Stage.LLM, FailureKind.OVERLOADED, "by script"), ValueError("what the caller said")],
)
def test_a_model_that_fails_before_a_word_gives_the_turn_back(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        broken = Answer("", first_token_s=0.1, fails=failure)
        async with World(llm=ScriptedLlm(broken, Answer())) as world:
            await world.caller_says("hello")
            await world.until(lambda: world.client.told(ReplyOver))
            assert [problem.code for problem in world.client.told(Problem)] == ["reply_failed"]
            await world.caller_says("are you there")
            await world.until(lambda: len(world.client.told(ReplyOver)) == 2)
            assert world.measured.replies == [ReplyStatus.FAILED, ReplyStatus.COMPLETED]

    run(scene())
    assert caplog.records
    assert "what the caller said" not in caplog.text


def test_a_model_that_is_cut_off_is_heard_as_far_as_it_came() -> None:
    async def scene() -> None:
        cut = Answer("Good day to you. What can", fails=ProviderError(Stage.LLM, FailureKind.CUT, "by script"))
        async with World(llm=ScriptedLlm(cut)) as world:
            await world.caller_says("hello")
            await world.until(lambda: world.client.told(ReplyOver))
            assert world.tts.spoken == ["Good day to you."]
            assert world.client.sent_ms(1) == world.tts.made_ms > 0
            assert world.measured.replies == [ReplyStatus.FAILED]

    run(scene())


def test_a_voice_that_is_cut_off_is_heard_as_far_as_it_came() -> None:
    async def scene() -> None:
        async with World(tts=ScriptedTts(Voice(fails_after_chunks=3))) as world:
            await world.caller_says("hello")
            await world.until(lambda: world.client.told(ReplyOver))
            assert world.client.sent_ms(1) == 300
            assert world.measured.failures == [(Stage.TTS, FailureKind.CUT)]
            await world.caller_says("hello?")
            await world.until(lambda: len(world.llm.requests) == 2)
            assert world.history[1][0] == "agent"
            assert SPOKEN.startswith(world.history[1][1])

    run(scene())


@pytest.mark.parametrize("where", ["model", "voice"])
def test_a_provider_that_stalls_for_ever_does_not_silence_the_session_for_ever(where: str) -> None:
    async def scene() -> None:
        llm = ScriptedLlm(Answer("", stalls=True) if where == "model" else Answer())
        tts = ScriptedTts(Voice(stalls_after_chunks=0) if where == "voice" else Voice())
        async with World(llm=llm, tts=tts) as world:
            await world.caller_says("hello")
            await world.until(lambda: world.client.told(ReplyOver), within_s=40.0)
            assert world.measured.replies == [ReplyStatus.FAILED]

    run(scene())


def test_g10_a_voice_that_stalls_in_the_middle_is_given_up_as_long_after_its_last_sound() -> None:
    async def scene() -> None:
        async with World(tts=ScriptedTts(Voice(stalls_after_chunks=3))) as world:
            await world.caller_says("hello")
            await world.until(lambda: world.client.told(ReplyOver), within_s=70.0)
            heard_until = world.client.writes[0].at + 0.3
            silence_s = world.client.told_at(ReplyOver)[0] - heard_until
            assert silence_s == pytest.approx(world.timings.silence_s, abs=0.1)

    run(scene())


def test_providers_that_keep_failing_end_the_session() -> None:
    async def scene() -> None:
        broken = Answer("", fails=ProviderError(Stage.LLM, FailureKind.REFUSED, "by script"))
        async with World(llm=ScriptedLlm(broken)) as world:
            for _ in range(3):
                await world.caller_says("hello")
                await asyncio.sleep(1.0)
            assert await world.running is EndReason.PROVIDERS_FAILED

    run(scene())


# --- clients that are slow, gone, or ask for something ---


def test_a_client_that_cannot_keep_up_is_hung_up_on_once_even_from_within_a_write() -> None:
    async def scene() -> None:
        client = ListeningClient()
        async with World(client=client) as world:

            def overflow(write: Write) -> None:
                if write.offset_ms >= 500:
                    world.session.hang_up(EndReason.SLOW_CLIENT)

            client.on_write = overflow
            await world.caller_says("hello")
            assert await world.running is EndReason.SLOW_CLIENT
            assert client.sent_ms(1) <= 700

    run(scene())


def test_a_slow_voice_makes_a_measured_gap_and_loses_nothing() -> None:
    async def scene() -> None:
        async with World(tts=ScriptedTts(Voice(speed=0.5))) as world:
            await world.caller_says("hello")
            await world.until(lambda: world.client.told(ReplyOver))
            assert world.client.sent_ms(1) == world.tts.made_ms
            assert world.measured.underruns
            assert world.measured.replies == [ReplyStatus.COMPLETED]

    run(scene())


def test_a_fast_voice_is_made_to_wait() -> None:
    async def scene() -> None:
        llm, tts = ScriptedLlm(Answer("A sentence that takes a while. " * 60)), ScriptedTts(Voice(speed=1000))
        async with World(llm=llm, tts=tts) as world:
            await world.caller_says("hello")
            await world.until(lambda: world.client.writes)
            await asyncio.sleep(10.0)
            assert 14_000 <= tts.made_ms <= 16_500
            world.session.hang_up(EndReason.CLIENT_GONE)

    run(scene())


def test_a_loop_that_is_blocked_does_not_break_the_pace() -> None:
    async def scene() -> None:
        async with World() as world:
            await world.caller_says("hello")
            await world.until(lambda: world.client.writes)
            await asyncio.sleep(0.5)
            assert isinstance(world.loop, VirtualTimeLoop)
            for _ in range(5):
                world.loop.jump(0.15)
                await asyncio.sleep(0.05)
            assert world.measured.underruns == []

    run(scene())


def test_recognition_that_cannot_keep_up_is_told_and_so_is_its_end() -> None:
    async def scene() -> None:
        async with World() as world:
            world.stt.stream.drops_ms = 100
            for _ in range(20):
                world.session.audio(bytes(3200))
                await asyncio.sleep(0.1)
            world.stt.stream.drops_ms = 0
            world.session.audio(bytes(3200))
            told = [notice.ms for notice in world.client.told(InputDropped)]
            assert told[0] == 100
            assert told[-1] == 0
            assert len(told) <= 5

    run(scene())


def test_a_client_that_is_gone_ends_the_session_at_once() -> None:
    async def scene() -> None:
        async with World() as world:
            await world.caller_says("hello")
            await world.until(lambda: world.client.writes)
            world.session.hang_up(EndReason.CLIENT_GONE)
            world.session.hang_up(EndReason.PROTOCOL)
            world.session.audio(bytes(3200))
            world.session.event(TextReceived("too late"))
            assert await world.running is EndReason.CLIENT_GONE

    run(scene())


def test_a_client_that_is_gone_before_the_session_ran_ends_it() -> None:
    async def scene() -> None:
        world = World()
        world.session.audio(bytes(3200))
        world.session.hang_up(EndReason.CLIENT_GONE)
        assert await world.session.run() is EndReason.CLIENT_GONE
        assert world.client.ended == [EndReason.CLIENT_GONE]

    run(scene())


def test_g01_what_a_client_asks_for_before_the_session_runs_is_done() -> None:
    async def scene() -> None:
        world = World()
        world.session.event(TextReceived("hello"))
        async with world:
            await world.until(lambda: world.client.told(ReplyOver))
            assert world.history == [("caller", "hello")]

    run(scene())


def test_typing_works_beside_speaking() -> None:
    async def scene() -> None:
        async with World() as world:
            world.session.event(TextReceived("hello"))
            await world.until(lambda: world.client.told(ReplyOver))
            world.session.event(ReplyRequested())
            await world.until(lambda: len(world.client.told(ReplyOver)) == 2)
            assert world.history == [("caller", "hello"), ("agent", SPOKEN)]

    run(scene())


# --- the end ---


def test_an_idle_session_ends() -> None:
    async def scene() -> None:
        async with World() as world:
            await asyncio.sleep(299)
            assert not world.running.done()
            assert await world.running is EndReason.IDLE
            assert world.loop.time() == pytest.approx(300, abs=1)

    run(scene())


def test_a_session_ends_after_its_duration_in_the_middle_of_a_word() -> None:
    async def scene() -> None:
        async with World(limits=LimitsConfig(session_duration=10)) as world:
            await asyncio.sleep(8)
            await world.caller_says("hello", seconds=0.5)
            assert await world.running is EndReason.DURATION
            assert world.measured.replies == [ReplyStatus.INTERRUPTED]

    run(scene())


def test_draining_tells_the_client_and_waits_until_the_deadline() -> None:
    async def scene() -> None:
        async with World() as world:
            world.session.drain(deadline_s=30, reconnect_after_s=2)
            world.session.drain(deadline_s=1)
            assert world.client.told(Draining) == [Draining(30, 2)]
            await asyncio.sleep(5)
            await world.caller_says("still here")
            await world.until(lambda: world.client.told(ReplyOver))
            assert await world.running is EndReason.DRAINED
            assert world.loop.time() == pytest.approx(30, abs=0.1)

    run(scene())


def test_a_session_that_is_cancelled_still_says_goodbye() -> None:
    async def scene() -> None:
        world = World()
        running = asyncio.create_task(world.session.run())
        await asyncio.sleep(1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert world.client.ended == world.measured.ends == [EndReason.INTERNAL]
        assert world.stt.stream.aborted

    run(scene())


def test_a_defect_ends_the_session_and_nothing_is_raised_to_the_socket(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        client = ListeningClient()

        def breaks(_: Write) -> None:
            raise ValueError("what the caller said")

        async with World(client=client) as world:
            client.notify = breaks  # type: ignore[method-assign, assignment]
            world.session.event(TextReceived("hello"))
            assert await world.running is EndReason.INTERNAL

    run(scene())
    assert "the session broke" in caplog.text
    assert "what the caller said" not in caplog.text


def test_g14_a_tool_that_the_model_made_up_has_no_series_of_its_own() -> None:
    async def scene() -> None:
        calls = (ToolCall("c1", "book", "{}"), ToolCall("c2", "made_up", "{}"))
        llm = ScriptedLlm(Answer("", calls=calls), Answer("Done."))
        async with World(llm=llm, tools=ScriptedTools()) as world:
            await world.caller_says("a table, please")
            await world.until(lambda: world.client.told(ReplyOver))
            assert sorted(name for name, _ in world.measured.tools) == ["book", "unknown"]

    run(scene())


# --- recognition that breaks ---


def test_recognition_that_breaks_is_brought_back_with_what_was_said_meanwhile() -> None:
    async def scene() -> None:
        async with World() as world:
            for _ in range(10):
                world.session.audio(bytes(3200))
            world.hears("book a table")
            world.stt.stream.breaks()
            await asyncio.sleep(0.01)
            world.session.audio(b"\1" * 3200)
            await world.until(lambda: len(world.stt.streams) == 2)
            assert world.stt.streams[0].aborted
            assert bytes(world.stt.stream.received) == b"\1" * 3200
            assert [problem.code for problem in world.client.told(Problem)] == ["recognition_interrupted"]
            world.stt.stream.says(TranscriptChanged(0, "for two", True), EndOfTurn(TurnEnd.FINAL))
            await world.until(lambda: world.llm.requests)
            assert world.history == [("caller", "book a table for two")]

    run(scene())


@pytest.mark.parametrize("first", [0, 1, 7])
@pytest.mark.parametrize("second", [0, 1, 7])
def test_g10_words_that_a_recogniser_did_not_finish_are_replaced_by_the_next_one_s(
    first: int, second: int
) -> None:
    """Whatever number each of them begins to count its utterances from."""

    async def scene() -> None:
        async with World() as world:
            world.stt.stream.says(TranscriptChanged(first, "Good day.", True))
            world.stt.stream.says(TranscriptChanged(first + 1, "what", False))
            world.stt.stream.breaks()
            await world.until(lambda: len(world.stt.streams) == 2)
            world.stt.stream.says(TranscriptChanged(second, "what time", False))
            world.stt.stream.says(TranscriptChanged(second, "what time is it", True))
            world.stt.stream.says(TranscriptChanged(second + 1, "now", True), EndOfTurn(TurnEnd.FINAL))
            await world.until(lambda: world.llm.requests)
            assert world.history == [("caller", "Good day. what time is it now")]

    run(scene())


def test_g10_positions_in_the_caller_s_audio_go_on_where_the_stream_before_stopped() -> None:
    async def scene() -> None:
        async with World() as world:
            for _ in range(150):
                world.session.audio(bytes(3200))
            world.stt.stream.breaks()
            await world.until(lambda: len(world.stt.streams) == 2)
            heard_again_ms = len(world.stt.stream.received) // 32
            assert 0 < heard_again_ms < 15_000
            word = Word("what", 600, 900)
            world.stt.stream.says(SpeechStarted(500), TranscriptChanged(1, "what", False, (word,)))
            world.stt.stream.says(SpeechStopped(1000))
            await world.until(lambda: world.client.told(CallerQuiet))
            assert [quiet.audio_ms for quiet in world.client.told(CallerQuiet)] == [15_000 - heard_again_ms + 1000]
            (seen_s,) = world.measured.of(Latency.PARTIAL_ASR)
            assert seen_s == pytest.approx((heard_again_ms - 900) / 1000)

    run(scene())


def test_g10_a_recogniser_that_takes_over_is_asked_for_what_the_one_before_was_asked_for() -> None:
    """Whoever has muted, or committed, sends nothing more that would end what was said."""

    async def scene() -> None:
        async with World() as world:
            world.session.audio(bytes(3200))
            world.session.mute(True)
            world.stt.stream.breaks()
            await world.until(lambda: len(world.stt.streams) == 2)
            await world.until(lambda: world.stt.stream.received)
            assert world.stt.stream.finalized == 1
            world.hears("hello")
            world.stt.stream.breaks()
            await world.until(lambda: len(world.stt.streams) == 3)
            await asyncio.sleep(1)
            assert world.stt.stream.finalized == 0

    run(scene())


def test_g10_what_the_client_cleared_no_other_recogniser_hears() -> None:
    async def scene() -> None:
        async with World() as world:
            world.session.audio(bytes(32_000))
            world.session.event(ClearRequested())
            world.session.audio(bytes(3200))
            world.stt.stream.breaks()
            await world.until(lambda: len(world.stt.streams) == 2)
            await world.until(lambda: world.stt.stream.received)
            assert len(world.stt.stream.received) == 3200

    run(scene())


def test_g10_turns_end_by_silence_once_a_recogniser_takes_over_that_does_not_end_them() -> None:
    async def scene() -> None:
        async with World(turn_taking=TurnTakingConfig(preemptive=False)) as world:
            world.stt.owns_turns = False
            world.stt.stream.breaks()
            await world.until(lambda: len(world.stt.streams) == 2)
            world.caller_starts()
            world.hears("hello")
            world.caller_stops()
            quiet_since = world.loop.time()
            await world.until(lambda: world.llm.requests)
            assert world.loop.time() - quiet_since == pytest.approx(world.timings.end_of_speech_s, abs=0.02)

    run(scene())


def test_g04_silence_is_counted_from_where_speech_ended_and_not_from_when_that_is_told() -> None:
    async def scene() -> None:
        by_silence = TurnTakingConfig(end_of_turn="Silence", preemptive=False)
        async with World(stt=ScriptedStt(owns_turns=False), turn_taking=by_silence) as world:
            world.caller_starts()
            for _ in range(20):
                world.session.audio(bytes(3200))
            world.hears("hello")
            await asyncio.sleep(0.001)
            told_at = world.loop.time()
            world.stt.stream.says(SpeechStopped(1600))
            await world.until(lambda: world.llm.requests)
            waited_s = world.timings.end_of_speech_s - 0.4
            assert world.loop.time() - told_at == pytest.approx(waited_s, abs=0.02)

    run(scene())


def test_audio_that_waits_for_recognition_is_bounded_and_what_is_lost_is_told() -> None:
    async def scene() -> None:
        async with World() as world:
            world.stt.stream.breaks()
            await asyncio.sleep(0.001)
            for _ in range(200):
                world.session.audio(bytes(3200))
            await world.until(lambda: len(world.stt.streams) == 2)
            assert len(world.stt.stream.received) == 5 * 32_000
            assert world.client.told(InputDropped)

    run(scene())


def test_recognition_that_cannot_be_brought_back_ends_the_session() -> None:
    async def scene() -> None:
        async with World() as world:
            world.stt.refuses = FailureKind.UNREACHABLE
            world.stt.stream.breaks()
            assert await world.running is EndReason.PROVIDERS_FAILED
            assert len(world.stt.streams) == 6
            assert world.loop.time() < 15

    run(scene())


def test_recognition_that_refuses_is_not_asked_again() -> None:
    async def scene() -> None:
        async with World() as world:
            world.stt.stream.breaks(FailureKind.REFUSED)
            assert await world.running is EndReason.PROVIDERS_FAILED
            assert len(world.stt.streams) == 1

    run(scene())


def test_recognition_that_breaks_now_and_then_is_not_lost() -> None:
    async def scene() -> None:
        async with World(limits=LimitsConfig(idle_timeout=1000)) as world:
            for _ in range(20):
                await asyncio.sleep(20)
                world.stt.stream.ends()
                await asyncio.sleep(1)
            assert len(world.stt.streams) == 21
            assert not world.running.done()

    run(scene())


# --- several ---


def test_sessions_side_by_side_do_not_meet() -> None:
    async def scene() -> None:
        stt, llm, tts = ScriptedStt(), ScriptedLlm(), ScriptedTts()
        worlds = [World(stt=stt, llm=llm, tts=tts) for _ in range(3)]
        running = [asyncio.create_task(world.session.run()) for world in worlds]
        await asyncio.sleep(0.001)
        for number, stream in enumerate(stt.streams[:2]):
            stream.says(TranscriptChanged(0, f"caller {number}", True), EndOfTurn(TurnEnd.FINAL))
        await asyncio.sleep(10)
        assert [len(world.client.writes) > 0 for world in worlds] == [True, True, False]
        assert [notice.text for notice in worlds[1].client.told(TranscriptUpdated)] == ["caller 1"] * 2
        for world in worlds:
            world.session.hang_up(EndReason.CLIENT_ENDED)
        await asyncio.gather(*running)

    run(scene())
