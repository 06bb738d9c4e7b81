"""Deepgram over its wire format: turns, audio on its way, keeping alive, letting go, and what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio

from parley_gateway.conversation.events import (
    EndOfTurn,
    FailureKind,
    SpeechStarted,
    SpeechStopped,
    TranscriptChanged,
)
from parley_gateway.ports import Stt, SttEvent
from tests.emulators.emulators import Emulators
from tests.emulators.faults import Fault
from tests.emulators.speech import silence, speech_like
from tests.gateway.providers.conformance_stt import REQUEST, failing, finals, say, until
from tests.gateway.providers.network import Network, befall, drained, none_but, open_provider

RATE = 16_000
SPEECH = speech_like(1200, rate=RATE)
QUIET = silence(1500, rate=RATE)


@pytest_asyncio.fixture
async def stt(network: Network) -> AsyncIterator[Stt]:
    async with open_provider(network.deepgram()) as stt:
        yield stt


def ends(events: list[SttEvent]) -> int:
    return sum(isinstance(event, EndOfTurn) for event in events)


async def heard(stt: Stt, pcm: bytes, *, turns: int) -> list[SttEvent]:
    """The events up to the end of the last of so many turns."""
    stream = stt.open(REQUEST)
    await say(stream, pcm, RATE)
    return await until(stream, lambda seen: ends(seen) == turns)


class TestTurns:
    async def test_g04_speech_is_a_turn(self, stt: Stt) -> None:
        events = await heard(stt, SPEECH + QUIET, turns=1)
        assert [event.text for event in finals(events)] == ["hello there"]
        assert [type(event) for event in events[-3:]] == [TranscriptChanged, SpeechStopped, EndOfTurn]

    @pytest.mark.parametrize("started", ["once", "repeated", "missing"])
    async def test_g04_speech_starts_once_however_often_deepgram_says_so(
        self, emulators: Emulators, stt: Stt, started: str
    ) -> None:
        befall(emulators, "deepgram", speech_started=started)
        events = await heard(stt, SPEECH + QUIET, turns=1)
        starts = [event for event in events if isinstance(event, SpeechStarted)]
        assert len(starts) == 1
        assert starts[0].audio_ms < 100

    async def test_g04_utterance_end_after_speech_final_is_not_a_second_end(
        self, emulators: Emulators, stt: Stt
    ) -> None:
        befall(emulators, "deepgram", transcripts=["one", "two"])
        events = await heard(stt, (SPEECH + QUIET) * 2, turns=2)
        order = [event for event in events if isinstance(event, EndOfTurn) or event in finals(events)]
        assert [type(event) for event in order] == [TranscriptChanged, EndOfTurn] * 2

    async def test_g04_utterance_end_ends_the_turn_where_noise_hides_the_silence(
        self, emulators: Emulators, stt: Stt
    ) -> None:
        befall(emulators, "deepgram", speech_final=False)
        events = await heard(stt, SPEECH + QUIET, turns=1)
        assert len(finals(events)) == 1

    async def test_g04_words_that_are_final_late_still_belong_to_the_turn(
        self, emulators: Emulators, stt: Stt
    ) -> None:
        befall(emulators, "deepgram", late_finals=True, speech_final=False)
        events = await heard(stt, SPEECH + QUIET, turns=1)
        assert len(finals(events)) == 1
        assert isinstance(events[-1], EndOfTurn)

    async def test_g04_a_turn_may_have_several_utterances(self, emulators: Emulators, stt: Stt) -> None:
        befall(emulators, "deepgram", transcripts=["I would like | a table | for two"])
        events = await heard(stt, SPEECH + QUIET, turns=1)
        assert [(event.utterance, event.text) for event in finals(events)] == [
            (1, "I would like"),
            (2, "a table"),
            (3, "for two"),
        ]

    async def test_g04_noise_without_words_is_no_turn(self, emulators: Emulators, stt: Stt) -> None:
        befall(emulators, "deepgram", transcripts=["", "hello"])
        events = await heard(stt, (SPEECH + QUIET) * 2, turns=1)
        assert [event.text for event in finals(events)] == ["hello"]
        assert sum(isinstance(event, SpeechStopped) for event in events) == 2

    async def test_g04_finalize_ends_a_turn_without_saying_so_again(self, emulators: Emulators, stt: Stt) -> None:
        befall(emulators, "deepgram", transcripts=["one", "two"])
        stream = stt.open(REQUEST)
        await say(stream, SPEECH, RATE)
        stream.finalize()
        await emulators.journal.until(lambda journal: "Finalize" in journal.entries[0].messages)
        await say(stream, QUIET + SPEECH + QUIET, RATE)
        events = await until(stream, lambda seen: ends(seen) == 1)
        assert [event.text for event in finals(events)] == ["one", "two"]

    async def test_g04_words_have_their_places_in_the_audio(self, stt: Stt) -> None:
        events = await heard(stt, QUIET + SPEECH + QUIET, turns=1)
        (final,) = finals(events)
        assert [word.text for word in final.words] == ["hello", "there"]
        assert 1500 <= final.words[0].start_ms < final.words[0].end_ms <= final.words[1].start_ms
        assert final.words[1].end_ms <= 1500 + 1200

    async def test_g02_unknown_messages_are_ignored(self, emulators: Emulators, stt: Stt) -> None:
        befall(emulators, "deepgram", unknown_messages=True)
        assert finals(await heard(stt, SPEECH + QUIET, turns=1))


class TestAudio:
    async def test_g05_small_frames_are_put_together(self, emulators: Emulators, stt: Stt) -> None:
        stream = stt.open(REQUEST)
        await emulators.journal.until(lambda journal: len(journal.entries) == 1)
        for at in range(0, len(SPEECH), 640):
            stream.send(SPEECH[at : at + 640])
            if at % 2560 == 1920:
                await emulators.journal.until(lambda journal, at=at: journal.entries[0].audio_bytes > at)  # type: ignore[misc]
        stream.finalize()
        await emulators.journal.until(lambda journal: "Finalize" in journal.entries[0].messages)
        (entry,) = emulators.journal.entries
        assert entry.audio_bytes == len(SPEECH)
        assert len(SPEECH) / entry.audio_messages >= 2560

    async def test_g04_audio_sent_before_the_connection_is_open_is_not_lost(
        self, emulators: Emulators, stt: Stt
    ) -> None:
        stream = stt.open(REQUEST)
        assert stream.send(SPEECH) == 0
        stream.finalize()
        events = await until(stream, lambda seen: bool(finals(seen)))
        assert finals(events)

    async def test_g04_what_does_not_fit_is_dropped_oldest_first_and_said(self, stt: Stt) -> None:
        stream = stt.open(REQUEST)
        dropped = stream.send(silence(19_000, rate=RATE)) + stream.send(SPEECH + QUIET)
        assert dropped == 19_000 + 1200 + 1500 - 20_000
        events = await until(stream, lambda seen: ends(seen) == 1)
        (final,) = finals(events)
        assert 19_000 - 50 <= final.words[0].start_ms <= 19_000 + 100

    async def test_g02_silence_of_the_client_keeps_the_stream_alive(
        self, emulators: Emulators, stt: Stt, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("parley_gateway.providers.stt.deepgram._KEEP_ALIVE_S", 0.05)
        befall(emulators, "deepgram", idle_timeout_ms=1000)
        stream = stt.open(REQUEST)
        await emulators.journal.until(lambda journal: sum(len(entry.messages) for entry in journal.entries) >= 25)
        await say(stream, SPEECH + QUIET, RATE)
        assert finals(await until(stream, lambda seen: ends(seen) == 1))

    async def test_g02_options_reach_deepgram(self, emulators: Emulators, network: Network) -> None:
        options = {"keyterms": ["Zanzibar", "Kilimanjaro"], "endpointing_ms": 450, "utterance_end_ms": 1200}
        async with open_provider(network.deepgram(**options)) as stt:
            await heard(stt, SPEECH + QUIET, turns=1)
        (entry,) = emulators.journal.entries
        assert entry.query["keyterm"] == ["Zanzibar", "Kilimanjaro"]
        asked = {name: entry.query[name][0] for name in ("endpointing", "utterance_end_ms", "language", "model")}
        assert asked == {
            "endpointing": "450",
            "utterance_end_ms": "1200",
            "language": "en-US",
            "model": "nova-3",
        }
        assert "CloseStream" not in entry.messages


class TestLettingGo:
    async def test_g04_a_peer_that_ignores_close_is_not_waited_for(
        self, emulators: Emulators, network: Network
    ) -> None:
        befall(emulators, "deepgram", Fault(kind="ignore_close"))
        before = asyncio.all_tasks()
        async with open_provider(network.deepgram()) as stt:
            stream = stt.open(REQUEST)
            await emulators.journal.until(lambda journal: len(journal.entries) == 1)
            stream.abort()
        await emulators.journal.until(lambda journal: journal.entries[0].outcome == "client_gone")
        await none_but(before)

    async def test_g02_leaving_the_events_lets_go(self, emulators: Emulators, stt: Stt) -> None:
        stream = stt.open(REQUEST)
        await say(stream, SPEECH, RATE)
        async with aclosing(stream.events()) as events:  # type: ignore[type-var]
            await anext(events)
        await emulators.journal.until(lambda journal: journal.entries[0].outcome == "client_gone")


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            pytest.param(Fault(kind="end", after=2), FailureKind.CUT, id="closed_with_1011"),
            pytest.param(Fault(kind="error_event", error_type="DATA-0000"), FailureKind.REFUSED, id="bad_audio"),
            pytest.param(Fault(kind="error_event", error_type="NET-0000"), FailureKind.CUT, id="network"),
            pytest.param(Fault(kind="error_event", after=2), FailureKind.OVERLOADED, id="own_error"),
        ],
    )
    async def test_g02_a_fault_of_the_stream_is_a_failure_of_its_kind(
        self, emulators: Emulators, stt: Stt, fault: Fault, kind: FailureKind
    ) -> None:
        befall(emulators, "deepgram", fault)
        assert (await failing(stt)).kind is kind

    async def test_g02_a_stream_that_deepgram_gave_up_is_a_cut(self, emulators: Emulators, stt: Stt) -> None:
        befall(emulators, "deepgram", idle_timeout_ms=50)
        _, failure = await drained(stt.open(REQUEST).events())
        assert failure is not None
        assert failure.kind is FailureKind.CUT
