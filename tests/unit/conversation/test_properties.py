"""Whatever happens in whatever order, what `Watcher` says holds."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from parley_gateway.conversation.caller import TRANSCRIPT
from parley_gateway.conversation.commands import Command
from parley_gateway.conversation.events import (
    AudioReady,
    ClearRequested,
    CommitRequested,
    DtmfReceived,
    EndOfTurn,
    EndReason,
    Event,
    FailureKind,
    HearingTroubled,
    InterruptRequested,
    PlayoutReported,
    PolicyChanged,
    Quality,
    ReplyFailed,
    ReplyProduced,
    ReplyRequested,
    ReplyRewound,
    ReplyText,
    ReplyTextEnded,
    SessionEnding,
    SessionReady,
    SpeechStarted,
    SpeechStopped,
    Stage,
    StageLost,
    TextReceived,
    TimerFired,
    ToolFinished,
    ToolRequested,
    TranscriptChanged,
    TurnEnd,
)
from parley_gateway.conversation.history import ToolCall, ToolResult, ToolStatus
from parley_gateway.conversation.hold import HOLD
from parley_gateway.conversation.phrases import Phrases
from parley_gateway.conversation.policy import Policy, TurnsEndBy
from parley_gateway.conversation.turns import DURATION, FAREWELL, IDLE, Life
from parley_gateway.conversation.watch import STALL
from tests.unit.conversation.driver import Driver
from tests.unit.conversation.ear import word
from tests.unit.conversation.watcher import Watcher

TEXTS = st.sampled_from(
    [
        "",
        " ",
        "yes",
        "mhm, okay",
        "Good day",
        "good day well and so on",
        "book a table",
        "for two, please",
        "I'd like",
    ]
)
AGES = st.sampled_from([0, 0, 0, 1, 2])
"""How many replies ago an event belongs to: most are of the present one."""
PHRASES = Phrases(apology="Sorry. Once more?", still_there="Are you there?", goodbye="Goodbye.")


class Anything(RuleBasedStateMachine):
    """A conversation to which anything may happen."""

    def __init__(self) -> None:
        super().__init__()
        self.driver: Driver
        self.watcher: Watcher
        self.written = 0

    @initialize(
        owns_turns=st.booleans(),
        greeting=st.sampled_from([None, "Hello. How can I help?"]),
        phrases=st.sampled_from([Phrases(), PHRASES]),
        policy=st.builds(
            Policy, turns_end_by=st.sampled_from(TurnsEndBy), barge_in=st.booleans(), preemptive=st.booleans()
        ),
    )
    def begin(self, owns_turns: bool, greeting: str | None, phrases: Phrases, policy: Policy) -> None:
        self.driver = Driver(owns_turns=owns_turns, greeting=greeting, phrases=phrases, policy=policy)
        self.watcher = Watcher(self.driver)
        self.watcher.watch(self.driver.said)

    def feed(self, event: Event) -> list[Command]:
        commands = self.driver.feed(event)
        self.watcher.watch(commands)
        return commands

    def reply(self, age: int) -> int:
        return self.driver.reply - age

    # --- the caller ---

    @rule(seconds=st.sampled_from([0.0, 0.05, 0.25, 0.7, 3.5, 20.0, 40.0]))
    def time_passes(self, seconds: float) -> None:
        self.driver.advance(seconds, watch=self.watcher.watch)

    @rule()
    def sound(self) -> None:
        self.feed(SpeechStarted(int(self.driver.now * 1000)))

    @rule(ago_ms=st.sampled_from([0, 300]))
    def quiet(self, ago_ms: int) -> None:
        self.feed(SpeechStopped(int(self.driver.now * 1000) - ago_ms, ago_ms))

    @rule(utterance=st.integers(0, 12), text=TEXTS, final=st.booleans())
    def transcript(self, utterance: int, text: str, final: bool) -> None:
        self.feed(TranscriptChanged(utterance, text, final))

    @rule(end=st.sampled_from(TurnEnd))
    def end_of_turn(self, end: TurnEnd) -> None:
        self.feed(EndOfTurn(end))

    @rule(owns_turns=st.booleans())
    def another_recogniser(self, owns_turns: bool) -> None:
        self.feed(PolicyChanged(owns_turns))

    # --- the client ---

    @rule(event=st.sampled_from([CommitRequested(), ClearRequested(), ReplyRequested(), InterruptRequested()]))
    def client_asks(self, event: Event) -> None:
        if isinstance(event, ClearRequested | InterruptRequested):
            self.watcher.owes_apology = False
        self.feed(event)

    @rule(text=TEXTS)
    def client_types(self, text: str) -> None:
        self.watcher.asked(text)
        self.feed(TextReceived(text))

    @rule(key=st.sampled_from("123*#"))
    def key_is_pressed(self, key: str) -> None:
        self.feed(DtmfReceived(key))

    @rule(age=AGES, share=st.floats(0, 1.5), quality=st.sampled_from(Quality), done=st.booleans())
    def client_plays(self, age: int, share: float, quality: Quality, done: bool) -> None:
        """Some say that they have played more than was made."""
        reply = self.reply(age)
        ms = int(self.watcher.ear.made_ms(reply) * share)
        self.watcher.played(reply, ms, quality)
        self.feed(PlayoutReported(reply, ms, quality, done))

    @rule()
    def client_has_played_all(self) -> None:
        reply = self.reply(0)
        ms = self.watcher.ear.made_ms(reply)
        self.feed(ReplyProduced(reply))
        self.watcher.played(reply, ms, Quality.REPORTED)
        self.feed(PlayoutReported(reply, ms, Quality.REPORTED, finished=True))

    # --- the providers ---

    @rule(age=AGES, words=st.integers(1, 6), ending=st.sampled_from([" ", ". ", "? ", ", ", ".\n"]))
    def model_writes(self, age: int, words: int, ending: str) -> None:
        reply = self.reply(age)
        text = " ".join(word(reply, self.written + number) for number in range(words))
        self.written += words
        self.feed(ReplyText(reply, text + ending))

    @rule(age=AGES)
    def model_ends(self, age: int) -> None:
        self.feed(ReplyTextEnded(self.reply(age)))

    @rule(age=AGES)
    def another_model_goes_on(self, age: int) -> None:
        self.feed(ReplyRewound(self.reply(age)))

    @rule(age=AGES, call=st.integers(0, 30), arguments=st.sampled_from(["{}", "[]"]))
    def model_calls(self, age: int, call: int, arguments: str) -> None:
        self.feed(ToolRequested(self.reply(age), ToolCall(f"c{call}", "book", arguments)))

    @rule(call=st.integers(0, 30), status=st.sampled_from(ToolStatus))
    def some_tool_answers(self, call: int, status: ToolStatus) -> None:
        self.feed(ToolFinished(ToolResult(f"c{call}", status, "a table")))

    @rule(status=st.sampled_from(ToolStatus))
    def every_tool_answers(self, status: ToolStatus) -> None:
        for call in list(self.watcher.running):
            before = self.driver.core.history.version
            self.feed(ToolFinished(ToolResult(call, status, "a table")))
            assert self.driver.core.life is Life.CLOSED or self.driver.core.history.version > before, "it is kept"

    @rule(skip=st.sampled_from([0, 1, 1, 2]), ms=st.integers(1, 3000), timed=st.sampled_from([0, 0, 3, 9]))
    def voice_speaks(self, skip: int, ms: int, timed: int) -> None:
        reply, ear = self.reply(0), self.watcher.ear
        segment = ear.next_segment(reply, skip)
        if segment is not None and reply == self.watcher.living:
            self.feed(AudioReady(reply, segment, ms, ear.made(reply, segment, ms, timed=timed)))

    @rule(age=AGES, segment=st.sampled_from([-1, 99]))
    def voice_speaks_what_nobody_asked_for(self, age: int, segment: int) -> None:
        self.feed(AudioReady(self.reply(age), segment, 500))

    @rule(age=st.sampled_from([1, 2]), ms=st.integers(1, 1500))
    def voice_of_an_earlier_reply_speaks_on(self, age: int, ms: int) -> None:
        self.feed(AudioReady(self.reply(age), 0, ms))

    @rule(age=AGES)
    def voice_ends(self, age: int) -> None:
        self.feed(ReplyProduced(self.reply(age)))

    @rule(age=AGES, stage=st.sampled_from([Stage.LLM, Stage.TTS]))
    def stage_fails(self, age: int, stage: Stage) -> None:
        self.feed(ReplyFailed(self.reply(age), stage, FailureKind.CUT))

    # --- what mostly happens ---

    @rule(text=st.sampled_from(["book a table", "for two, please"]), utterance=st.integers(0, 30))
    def caller_takes_a_turn(self, text: str, utterance: int) -> None:
        self.sound()
        self.time_passes(0.25)
        self.transcript(utterance, text, final=True)
        self.quiet(ago_ms=0)
        self.end_of_turn(TurnEnd.FINAL)

    @rule(
        ending=st.sampled_from([". ", ", "]),
        ms=st.integers(300, 3000),
        timed=st.sampled_from([0, 9]),
        share=st.floats(0, 1),
        quality=st.sampled_from(Quality),
    )
    def agent_speaks_and_is_heard(self, ending: str, ms: int, timed: int, share: float, quality: Quality) -> None:
        self.model_writes(0, 4, ending)
        self.voice_speaks(1, ms, timed)
        self.client_plays(0, share, quality, done=False)

    @rule(
        ms=st.integers(300, 3000),
        timed=st.sampled_from([0, 9]),
        shares=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    )
    def agent_is_cut_short_and_the_client_knows_better(
        self, ms: int, timed: int, shares: tuple[float, float]
    ) -> None:
        self.agent_speaks_and_is_heard(", ", ms, timed, shares[0], Quality.ESTIMATED)
        self.client_asks(InterruptRequested())
        self.all_is_well()
        self.client_says_late_what_it_played(shares[1], Quality.REPORTED)

    @rule(share=st.floats(0, 1), quality=st.sampled_from(Quality))
    def client_says_late_what_it_played(self, share: float, quality: Quality) -> None:
        reply = self.watcher.ear.last_cut
        ms = int(self.watcher.ear.made_ms(reply) * share)
        self.watcher.played(reply, ms, quality)
        self.feed(PlayoutReported(reply, ms, quality))

    # --- the session ---

    @rule(name=st.sampled_from([IDLE, DURATION, FAREWELL, HOLD, STALL, TRANSCRIPT]), generation=st.integers(-3, 0))
    def cancelled_timer_fires(self, name: str, generation: int) -> None:
        before = dict(self.driver.timers)
        self.feed(TimerFired(name, generation))
        assert self.driver.timers == before

    @rule()
    def the_recogniser_is_away(self) -> None:
        self.feed(HearingTroubled())

    @precondition(lambda self: len(self.driver.said) > 60)
    @rule(
        event=st.sampled_from(
            [
                SessionEnding(EndReason.CLIENT_ENDED),
                SessionEnding(EndReason.BUDGET, farewell=True),
                StageLost(Stage.STT, FailureKind.CUT),
            ]
        )
    )
    def something_ends_it(self, event: Event) -> None:
        self.feed(event)

    @rule()
    def ready_again(self) -> None:
        self.feed(SessionReady("Hello again."))

    @invariant()
    def all_is_well(self) -> None:
        self.watcher.check()

    def teardown(self) -> None:
        if hasattr(self, "driver"):
            timings = self.driver.timings
            self.driver.advance(timings.session_s + timings.farewell_s + 1, watch=self.watcher.watch)
            assert self.watcher.ends == 1
            assert self.watcher.began == self.watcher.over


Anything.TestCase.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)
TestAnything = Anything.TestCase
