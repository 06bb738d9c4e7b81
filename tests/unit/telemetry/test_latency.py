"""What is measured of a turn, and from which instant (G5, G14)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import cast

from parley_gateway.conversation.events import SpeechStarted, SpeechStopped, TranscriptChanged, Word
from parley_gateway.session.latency import HearingLatency, ReplyLatency
from parley_gateway.session.observer import Latency, Milestone, Unobserved


@dataclass
class Clock:
    """Of a loop in which time passes when the test says so."""

    now: float = 0.0

    def time(self) -> float:
        return self.now


@dataclass
class Heard(Unobserved):
    """Spans and milestones, in their order."""

    spans: list[tuple[Latency, float]] = field(default_factory=list)
    milestones: list[tuple[Milestone, float]] = field(default_factory=list)

    def latency(self, kind: Latency, seconds: float) -> None:
        self.spans.append((kind, round(seconds, 3)))

    def reached(self, milestone: Milestone, *, reply: int, ago_s: float = 0.0) -> None:
        self.milestones.append((milestone, ago_s))


class Turn:
    """A spoken turn: silent for 0.3 s when it is decided to be over, at 10.0."""

    def __init__(self) -> None:
        self.clock, self.heard = Clock(10.0), Heard()
        self.latency = ReplyLatency(cast("asyncio.AbstractEventLoop", self.clock), self.heard, reply=1)

    def at(self, now: float) -> ReplyLatency:
        self.clock.now = now
        return self.latency

    @property
    def spans(self) -> dict[Latency, float]:
        return dict(self.heard.spans)


def test_the_parts_of_a_turn_add_up_to_what_the_caller_waits_for() -> None:
    turn = Turn()
    turn.at(10.0).turn_ended(silent_s=0.3)
    turn.at(10.2).text_came()
    turn.at(10.25).voice_asked()
    turn.at(10.4).speech_came()
    turn.at(10.41).played()
    spans = turn.spans
    response = spans.pop(Latency.RESPONSE)
    assert spans.pop(Latency.FIRST_AUDIO) == 0.41
    assert response == 0.71 == round(sum(spans.values()), 3)


def test_of_a_draft_only_what_was_waited_for_counts() -> None:
    turn = Turn()
    turn.at(9.7).text_came()
    turn.at(9.8).voice_asked()
    turn.at(9.9).speech_came()
    turn.at(10.0).turn_ended(silent_s=0.3)
    turn.at(10.01).played()
    assert turn.spans[Latency.FIRST_TOKEN] == 0.0
    assert turn.spans[Latency.RESPONSE] == 0.31


def test_a_typed_turn_has_no_last_sound() -> None:
    turn = Turn()
    turn.at(10.0).turn_ended()
    turn.at(10.5).played()
    turn.at(10.7).reported(100)
    assert set(turn.spans) == {Latency.FIRST_AUDIO}


class TestHeard:
    def played(self) -> Turn:
        turn = Turn()
        turn.at(10.0).turn_ended(silent_s=0.3)
        turn.at(10.5).played()
        return turn

    def test_the_first_report_tells_when_the_caller_began_to_hear(self) -> None:
        turn = self.played()
        turn.at(10.9).reported(100)
        turn.at(11.0).reported(200)
        assert [seconds for kind, seconds in turn.heard.spans if kind is Latency.HEARD] == [1.1]

    def test_nobody_hears_what_was_not_sent(self) -> None:
        turn = self.played()
        turn.at(10.6).reported(5000)
        assert turn.spans[Latency.HEARD] == turn.spans[Latency.RESPONSE] == 0.8

    def test_a_client_that_has_not_begun_to_play_says_nothing_yet(self) -> None:
        turn = self.played()
        turn.at(10.6).reported(0)
        assert Latency.HEARD not in turn.spans


class TestHearing:
    def setup_method(self) -> None:
        self.heard = Heard()
        self.hearing = HearingLatency(self.heard)

    def hears(self, event: SpeechStarted | SpeechStopped | TranscriptChanged, received_ms: int) -> None:
        self.hearing.heard(event, received_ms=received_ms, silenced=False)

    def words(self, *times: tuple[int, int]) -> TranscriptChanged:
        return TranscriptChanged(0, "words", False, tuple(Word("w", start, end) for start, end in times))

    def test_silence_counts_from_the_last_sound_and_not_from_when_it_was_noticed(self) -> None:
        self.hears(self.words((500, 900)), 1000)
        self.hears(SpeechStopped(1100), 1600)
        assert self.hearing.silent_s(2000) == 0.9
        assert self.hearing.silent_s(2100) is None, "of the next turn nothing was heard yet"

    def test_a_caller_speaks_from_the_first_sound_that_was_one(self) -> None:
        self.hears(SpeechStarted(100), 300)
        self.hears(SpeechStopped(200), 500)
        self.hears(SpeechStarted(5000), 5200)
        self.hears(self.words((5050, 5400)), 5600)
        self.hears(SpeechStopped(5400), 5900)
        self.hears(SpeechStarted(6000), 6200)
        assert self.heard.milestones == [(Milestone.CALLER_SPEAKS, 0.2), (Milestone.CALLER_SPEAKS, 0.2)]

    def test_words_without_an_edge_before_them_begin_where_they_lie(self) -> None:
        self.hears(self.words((500, 900)), 1000)
        assert self.heard.milestones == [(Milestone.CALLER_SPEAKS, 0.5)]

    def test_a_word_is_seen_once(self) -> None:
        self.hears(self.words((500, 900)), 1000)
        self.hears(self.words((500, 900)), 1200)
        self.hears(self.words((500, 900), (950, 1300)), 1500)
        assert self.heard.spans == [(Latency.PARTIAL_ASR, 0.1), (Latency.PARTIAL_ASR, 0.2)]
