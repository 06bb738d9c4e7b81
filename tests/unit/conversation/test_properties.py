"""Whatever happens in whatever order, these hold."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from parley_gateway.conversation.caller import BARGE_IN, END_OF_SPEECH, TRANSCRIPT, Hearing
from parley_gateway.conversation.commands import (
    CancelReply,
    Command,
    CommitReply,
    EndSession,
    FinishSpeech,
    Notify,
    PausePlayout,
    ResumePlayout,
    SetTimer,
    Speak,
    StartReply,
    StopPlayout,
)
from parley_gateway.conversation.events import (
    AudioReady,
    ClearRequested,
    CommitRequested,
    EndOfTurn,
    EndReason,
    Event,
    FailureKind,
    InterruptRequested,
    PlayoutReported,
    Quality,
    ReplyFailed,
    ReplyProduced,
    ReplyRequested,
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
    TranscriptChanged,
    TurnEnd,
)
from parley_gateway.conversation.history import Speaker
from parley_gateway.conversation.notices import (
    CallerQuiet,
    CallerSpeaks,
    Notice,
    ReplyBegan,
    ReplyCutShort,
    ReplyOver,
    TranscriptUpdated,
)
from parley_gateway.conversation.reply import STALL, Phase
from parley_gateway.conversation.turns import DURATION, IDLE, Life
from tests.unit.conversation.driver import Driver

OF_AUDIO = (CommitReply, Speak, FinishSpeech, PausePlayout, ResumePlayout, StopPlayout)
TEXTS = st.sampled_from(["", " ", "yes", "book a table", "for two, please"])


class Anything(RuleBasedStateMachine):
    """A conversation to which anything may happen, watched from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.driver: Driver
        self.living: int | None = None
        self.draft: int | None = None
        self.version_at_draft = 0
        self.paused = False
        self.spoken: dict[int, str] = {}
        self.made_ms: dict[int, int] = {}
        self.began: set[int] = set()
        self.over: set[int] = set()
        self.ends = 0
        self.shown_speaking = False
        self.turns: dict[int, tuple[int, bool]] = {}

    @initialize(owns_turns=st.booleans(), greeting=st.sampled_from([None, "Hello. How can I help?"]))
    def begin(self, owns_turns: bool, greeting: str | None) -> None:
        self.driver = Driver(owns_turns=owns_turns, greeting=greeting)
        self.watch(self.driver.said)

    # --- what may happen ---

    def feed(self, event: Event) -> None:
        self.watch(self.driver.feed(event))

    @rule(seconds=st.sampled_from([0.0, 0.05, 0.25, 0.7, 3.5, 20.0, 40.0]))
    def time_passes(self, seconds: float) -> None:
        self.watch(self.driver.advance(seconds))

    @rule()
    def sound(self) -> None:
        self.feed(SpeechStarted(int(self.driver.now * 1000)))

    @rule()
    def quiet(self) -> None:
        self.feed(SpeechStopped(int(self.driver.now * 1000)))

    @rule(utterance=st.integers(0, 12), text=TEXTS, final=st.booleans())
    def transcript(self, utterance: int, text: str, final: bool) -> None:
        self.feed(TranscriptChanged(utterance, text, final))

    @rule(end=st.sampled_from(TurnEnd))
    def end_of_turn(self, end: TurnEnd) -> None:
        self.feed(EndOfTurn(end))

    @rule(event=st.sampled_from([CommitRequested(), ClearRequested(), ReplyRequested(), InterruptRequested()]))
    def client_asks(self, event: Event) -> None:
        self.feed(event)

    @rule(text=TEXTS)
    def client_types(self, text: str) -> None:
        self.feed(TextReceived(text))

    @rule(
        age=st.sampled_from([0, 0, 0, 1, 2]),
        delta=st.sampled_from(["Good day. ", "Well", ", and so on. Yes", "."]),
    )
    def model_writes(self, age: int, delta: str) -> None:
        self.feed(ReplyText(self.driver.reply - age, delta))

    @rule(age=st.sampled_from([0, 0, 1]))
    def model_ends(self, age: int) -> None:
        self.feed(ReplyTextEnded(self.driver.reply - age))

    @rule(age=st.sampled_from([0, 0, 0, 1]), segment=st.integers(0, 3), ms=st.integers(0, 1500))
    def voice_speaks(self, age: int, segment: int, ms: int) -> None:
        reply = self.driver.reply - age
        self.made_ms[reply] = self.made_ms.get(reply, 0) + ms
        self.feed(AudioReady(reply, segment, ms))

    @rule(age=st.sampled_from([0, 0, 1]))
    def voice_ends(self, age: int) -> None:
        self.feed(ReplyProduced(self.driver.reply - age))

    @rule(
        age=st.sampled_from([0, 0, 0, 1]),
        share=st.floats(0, 1),
        quality=st.sampled_from(Quality),
        done=st.booleans(),
    )
    def client_plays(self, age: int, share: float, quality: Quality, done: bool) -> None:
        reply = self.driver.reply - age
        self.feed(PlayoutReported(reply, int(self.made_ms.get(reply, 0) * share), quality, done))

    @rule(age=st.sampled_from([0, 0, 1]), stage=st.sampled_from([Stage.LLM, Stage.TTS]))
    def stage_fails(self, age: int, stage: Stage) -> None:
        self.feed(ReplyFailed(self.driver.reply - age, stage, FailureKind.CUT))

    @rule(name=st.sampled_from([IDLE, DURATION, BARGE_IN, STALL, TRANSCRIPT]), generation=st.integers(-3, 0))
    def cancelled_timer_fires(self, name: str, generation: int) -> None:
        before = dict(self.driver.timers)
        self.feed(TimerFired(name, generation))
        assert self.driver.timers == before

    @precondition(lambda self: len(self.driver.said) > 60)
    @rule(event=st.sampled_from([SessionEnding(EndReason.CLIENT_ENDED), StageLost(Stage.STT, FailureKind.CUT)]))
    def something_ends_it(self, event: Event) -> None:
        self.feed(event)

    @rule()
    def ready_again(self) -> None:
        self.feed(SessionReady("Hello again."))

    # --- what must hold of what comes out ---

    def watch(self, commands: list[Command]) -> None:
        for command in commands:
            assert not self.ends, "nothing follows the end"
            if isinstance(command, StartReply):
                assert self.living is None, "two replies at once"
                self.living, self.paused = command.reply, False
                self.draft = command.reply if command.speculative else None
                self.version_at_draft = self.driver.core.history.version
                self.spoken[command.reply] = ""
            elif isinstance(command, OF_AUDIO):
                assert command.reply == self.living, "a command for a reply that does not live"
                self.watch_audio(command)
            elif isinstance(command, CancelReply):
                assert command.reply == self.living
                self.living = self.draft = None
            elif isinstance(command, EndSession):
                self.ends += 1
            elif isinstance(command, SetTimer):
                assert 0 < command.delay_s <= self.driver.timings.session_s
            elif isinstance(command, Notify):
                self.watch_notice(command.notice)

    def watch_audio(self, command: Command) -> None:
        if isinstance(command, Speak):
            self.spoken[command.reply] += command.text
        elif isinstance(command, CommitReply):
            assert command.reply == self.draft
            self.draft = None
        elif isinstance(command, PausePlayout):
            assert not self.paused
            assert self.draft is None
            self.paused = True
        elif isinstance(command, ResumePlayout):
            assert self.paused
            assert command.from_ms <= self.made_ms.get(command.reply, 0)
            self.paused = False

    def watch_notice(self, notice: Notice) -> None:
        if isinstance(notice, ReplyBegan):
            assert notice.reply not in self.began
            self.began.add(notice.reply)
        elif isinstance(notice, ReplyCutShort):
            assert notice.reply in self.began
            assert notice.heard.ms <= self.made_ms.get(notice.reply, 0), "more was heard than there was"
            assert self.spoken[notice.reply].strip().startswith(notice.heard.text)
        elif isinstance(notice, ReplyOver):
            assert notice.reply in self.began
            assert notice.reply not in self.over
            self.over.add(notice.reply)
            self.living = None if self.living == notice.reply else self.living
        elif isinstance(notice, CallerSpeaks | CallerQuiet):
            assert self.shown_speaking is isinstance(notice, CallerQuiet)
            self.shown_speaking = isinstance(notice, CallerSpeaks)
        elif isinstance(notice, TranscriptUpdated):
            revision, final = self.turns.get(notice.turn, (0, False))
            assert not final, "a turn was changed after it was final"
            assert notice.rev == revision + 1
            self.turns[notice.turn] = (notice.rev, notice.final)

    @invariant()
    def only_what_was_spoken_is_in_the_history(self) -> None:
        for utterance in self.driver.core.history.utterances:
            assert utterance.text.strip()
            if utterance.speaker is Speaker.AGENT:
                assert any(text.strip().startswith(utterance.text) for text in self.spoken.values())

    @invariant()
    def a_draft_writes_no_history_and_tells_nothing(self) -> None:
        if self.draft is not None:
            assert self.driver.core.history.version == self.version_at_draft
            assert self.draft not in self.began

    @invariant()
    def nobody_waits_without_a_timer(self) -> None:
        armed = self.driver.timers.keys()
        if self.driver.core.life is Life.CLOSED:
            assert not armed
            assert self.ends == 1
            assert self.living is None
            return
        assert {IDLE, DURATION} <= armed <= {IDLE, DURATION, BARGE_IN, END_OF_SPEECH, TRANSCRIPT, STALL}
        assert (STALL in armed) == (self.driver.core.reply_phase is not Phase.NONE) == (self.living is not None)
        if self.driver.core.reply_phase is Phase.PAUSED:
            assert BARGE_IN in armed
        assert (self.driver.core.hearing is not Hearing.QUIET) == bool({END_OF_SPEECH, TRANSCRIPT} & armed)

    def teardown(self) -> None:
        if hasattr(self, "driver"):
            self.watch(self.driver.advance(self.driver.timings.session_s + 1))
            assert self.ends == 1
            assert self.began == self.over


Anything.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestAnything = Anything.TestCase
