"""Flux over its wire format: turns, eager ends, what is done where no audio comes, and what goes wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from parley_gateway.conversation.events import (
    EndOfTurn,
    FailureKind,
    SpeechStarted,
    SpeechStopped,
    Stage,
    TranscriptChanged,
    TurnEnd,
)
from parley_gateway.ports import Stt, SttEvent, SttRequest, Unit, Usage
from parley_gateway.providers.rates import at_rate
from parley_gateway.providers.stt.deepgram_flux import Flux
from tests.emulators.emulators import Emulators
from tests.emulators.faults import Fault
from tests.emulators.speech import silence, speech_like
from tests.gateway.providers.conformance_stt import REQUEST, failing, finals, say, until
from tests.gateway.providers.network import Network, befall, drained, open_provider

RATE = 16_000
SPEECH = speech_like(1200, rate=RATE)
QUIET = silence(1500, rate=RATE)
FINAL, EAGER, WITHDRAWN = (EndOfTurn(end) for end in (TurnEnd.FINAL, TurnEnd.EAGER, TurnEnd.WITHDRAWN))


@pytest_asyncio.fixture
async def stt(network: Network) -> AsyncIterator[Stt]:
    async with open_provider(network.deepgram_flux()) as stt:
        yield stt


async def heard(stt: Stt, pcm: bytes, *, turns: int = 1) -> list[SttEvent]:
    """The events up to the end of the last of so many turns."""
    stream = stt.open(REQUEST)
    await say(stream, pcm, RATE)
    return await until(stream, lambda seen: seen.count(FINAL) == turns)


class TestTurns:
    async def test_g04_speech_is_a_turn_with_an_eager_end(self, stt: Stt) -> None:
        events = await heard(stt, SPEECH + QUIET)
        started, stopped, *ends = [event for event in events if not isinstance(event, TranscriptChanged)]
        assert isinstance(started, SpeechStarted)
        assert isinstance(stopped, SpeechStopped)
        assert started.audio_ms < 100
        assert 1100 <= stopped.audio_ms <= 1250
        assert ends == [EAGER, FINAL]
        (final,) = finals(events)
        assert final.text == "hello there"
        assert [word.text for word in final.words] == ["hello", "there"]
        assert events.index(EAGER) < events.index(final) < events.index(FINAL)

    async def test_g04_what_is_drafted_on_is_what_is_final(self, stt: Stt) -> None:
        events = await heard(stt, SPEECH + QUIET)
        before = [event for event in events[: events.index(EAGER)] if isinstance(event, TranscriptChanged)]
        (final,) = finals(events)
        assert (before[-1].utterance, before[-1].text) == (final.utterance, final.text)

    async def test_g04_going_on_withdraws_the_eager_end(self, stt: Stt) -> None:
        events = await heard(stt, SPEECH + silence(300, rate=RATE) + SPEECH + QUIET)
        ends = [event for event in events if isinstance(event, EndOfTurn)]
        assert ends == [EAGER, WITHDRAWN, EAGER, FINAL]
        assert [type(event) for event in events if isinstance(event, SpeechStarted | SpeechStopped)] == [
            SpeechStarted,
            SpeechStopped,
            SpeechStarted,
            SpeechStopped,
        ]
        assert len(finals(events)) == 1

    async def test_g04_without_a_threshold_there_is_no_eager_end(
        self, emulators: Emulators, network: Network
    ) -> None:
        async with open_provider(network.deepgram_flux(eager_eot_threshold=None)) as stt:
            events = await heard(stt, SPEECH + QUIET)
        assert EAGER not in events
        assert "eager_eot_threshold" not in emulators.journal.entries[0].query

    async def test_g04_updates_without_news_say_nothing(self, emulators: Emulators, stt: Stt) -> None:
        befall(emulators, "deepgram_flux", transcripts=["one", "two"])
        events = await heard(stt, (SPEECH + QUIET) * 2, turns=2)
        told = [(event.utterance, event.text) for event in events if isinstance(event, TranscriptChanged)]
        assert told == [(1, "one"), (1, "one"), (2, "two"), (2, "two")]
        assert emulators.journal.entries[0].sent > 15

    async def test_g04_noise_without_words_is_no_turn(self, emulators: Emulators, stt: Stt) -> None:
        befall(emulators, "deepgram_flux", transcripts=["", "hello"])
        events = await heard(stt, (SPEECH + QUIET) * 2)
        assert [event.text for event in finals(events)] == ["hello"]
        assert sum(isinstance(event, SpeechStopped) for event in events) == 2

    async def test_g04_words_without_times_are_words(self, emulators: Emulators, stt: Stt) -> None:
        befall(emulators, "deepgram_flux", word_times=False)
        (final,) = finals(await heard(stt, SPEECH + QUIET))
        assert (final.text, final.words) == ("hello there", ())

    async def test_g04_finalize_ends_a_turn_without_saying_so_again(self, emulators: Emulators, stt: Stt) -> None:
        befall(emulators, "deepgram_flux", transcripts=["one", "two"])
        stream = stt.open(REQUEST)
        await say(stream, SPEECH, RATE)
        stream.finalize()
        await emulators.journal.until(lambda journal: "ForceEndTurn" in journal.entries[0].messages)
        await say(stream, QUIET + SPEECH + QUIET, RATE)
        events = await until(stream, lambda seen: FINAL in seen)
        assert [event.text for event in finals(events)] == ["one", "two"]

    async def test_g04_a_client_that_stops_sending_has_finished(self, emulators: Emulators, stt: Stt) -> None:
        stream = stt.open(REQUEST)
        await say(stream, SPEECH, RATE)
        events = await until(stream, lambda seen: FINAL in seen)
        assert finals(events)
        assert emulators.journal.entries[0].messages == ["ForceEndTurn"]

    def test_g02_while_no_turn_is_open_nothing_is_due_however_long_nobody_speaks(self) -> None:
        dialect = Flux(lambda ms: ms, eot_timeout_ms=5000)
        waits = [dialect.idle_s]
        for event in ("StartOfTurn", "EndOfTurn"):
            body = {"turn_index": 0, "audio_window_start": 0.0, "audio_window_end": 1.0, "words": []}
            list(dialect.read({"type": "TurnInfo", "event": event, "transcript": "Hi", **body}))
            waits.append(dialect.idle_s)
        assert waits == [None, 1.0, None]

    async def test_g11_a_telephone_is_heard_at_its_own_rate(self, emulators: Emulators, stt: Stt) -> None:
        telephone = at_rate(stt, 8_000)
        quiet = silence(1500, rate=8_000)
        stream = telephone.open(REQUEST)
        await say(stream, quiet + speech_like(1200, rate=8_000) + quiet, 8_000)
        events = await until(stream, lambda seen: FINAL in seen)
        (started,) = (event for event in events if isinstance(event, SpeechStarted))
        assert started.audio_ms == pytest.approx(1500, abs=100)
        (entry,) = emulators.journal.of("/v2/listen")
        assert entry.query["sample_rate"] == ["8000"]

    async def test_g02_unknown_messages_are_ignored(self, emulators: Emulators, stt: Stt) -> None:
        befall(emulators, "deepgram_flux", unknown_messages=True)
        assert finals(await heard(stt, SPEECH + QUIET))

    @pytest.mark.parametrize(("model", "hint"), [("flux-general-en", None), ("flux-general-multi", ["en-US"])])
    async def test_g02_options_reach_deepgram(
        self, emulators: Emulators, network: Network, model: str, hint: list[str] | None
    ) -> None:
        options = {"keyterms": ["Zanzibar", "Kilimanjaro"], "eot_threshold": 0.8, "eot_timeout_ms": 4000}
        async with open_provider(network.deepgram_flux(model=model, **options)) as stt:
            await heard(stt, SPEECH + QUIET)
        (entry,) = emulators.journal.of("/v2/listen")
        assert entry.query == {
            "model": [model],
            "encoding": ["linear16"],
            "sample_rate": ["16000"],
            "eager_eot_threshold": ["0.5"],
            "eot_threshold": ["0.8"],
            "eot_timeout_ms": ["4000"],
            "keyterm": ["Zanzibar", "Kilimanjaro"],
            **({"language_hint": hint} if hint else {}),
        }


class TestCost:
    """Of both versions."""

    @pytest.mark.parametrize("version", ["deepgram", "deepgram_flux"])
    async def test_g07_all_audio_that_was_sent_is_told_in_parts(
        self, emulators: Emulators, network: Network, version: str
    ) -> None:
        told: list[Usage] = []
        request = SttRequest(session="s", language="en-US", meter=told.append)
        async with open_provider(getattr(network, version)()) as stt:
            stream = stt.open(request)
            await emulators.journal.until(lambda journal: len(journal.entries) == 1)
            for second in range(12):
                await say(stream, silence(1000, rate=RATE), RATE)
                sent = 32_000 * second
                await emulators.journal.until(lambda journal, sent=sent: journal.entries[0].audio_bytes > sent)  # type: ignore[misc]
            stream.finalize()
            await emulators.journal.until(lambda journal: journal.entries[0].audio_bytes == 12 * 32_000)
            assert [usage.amounts[Unit.AUDIO_SECONDS] for usage in told] == [pytest.approx(10.0, abs=0.3)]
            stream.abort()
        assert sum(usage.amounts[Unit.AUDIO_SECONDS] for usage in told) == pytest.approx(12.0)
        assert {(usage.stage, usage.estimated) for usage in told} == {(Stage.STT, False)}
        assert {usage.provider for usage in told} == {"Deepgram" if version == "deepgram" else "DeepgramFlux"}


class TestFaults:
    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            ("UNPARSABLE_CLIENT_MESSAGE", FailureKind.REFUSED),
            ("NET-0001", FailureKind.CUT),
            ("INTERNAL_SERVER_ERROR", FailureKind.OVERLOADED),
        ],
    )
    async def test_g02_an_error_in_the_stream_is_a_failure_of_its_kind(
        self, emulators: Emulators, stt: Stt, code: str, kind: FailureKind
    ) -> None:
        befall(emulators, "deepgram_flux", Fault(kind="error_event", error_type=code))
        assert (await failing(stt)).kind is kind

    async def test_g02_a_stream_that_deepgram_gave_up_is_a_cut(self, emulators: Emulators, stt: Stt) -> None:
        befall(emulators, "deepgram_flux", idle_timeout_ms=50)
        _, failure = await drained(stt.open(REQUEST).events())
        assert failure is not None
        assert failure.kind is FailureKind.CUT
