"""Watches what comes out of the core, whatever goes in, and holds it to what must always be true."""

from __future__ import annotations

from parley_gateway.conversation.backchannels import Backchannels
from parley_gateway.conversation.caller import END_OF_SPEECH, TRANSCRIPT, Hearing
from parley_gateway.conversation.commands import (
    CancelReply,
    Command,
    CommitReply,
    ContinueReply,
    EndSession,
    FinishSpeech,
    Notify,
    PausePlayout,
    ReplyKind,
    ResumePlayout,
    RunTool,
    SetTimer,
    Speak,
    StartReply,
    StopPlayout,
)
from parley_gateway.conversation.history import HistoryItem, Quality, Speaker, Utterance
from parley_gateway.conversation.hold import COMMITMENT, HOLD
from parley_gateway.conversation.keys import KEYS
from parley_gateway.conversation.notices import (
    CallerQuiet,
    CallerSpeaks,
    Notice,
    ReplyBegan,
    ReplyCutShort,
    ReplyOver,
    ReplyStatus,
    ToolBegan,
    ToolOver,
    TranscriptUpdated,
)
from parley_gateway.conversation.reply import Phase
from parley_gateway.conversation.turns import DURATION, FAREWELL, IDLE, Life
from parley_gateway.conversation.watch import STALL
from tests.unit.conversation.driver import Driver
from tests.unit.conversation.ear import Ear

BACKCHANNELS = Backchannels("en-US")
OF_A_REPLY = (
    *(CommitReply, CancelReply, ContinueReply, Speak, FinishSpeech),
    *(PausePlayout, ResumePlayout, StopPlayout),
)


class Watcher:
    """One conversation, seen from outside."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.living: int | None = None
        self.kind = ReplyKind.ANSWER
        self.draft: int | None = None
        self.draft_knows: tuple[HistoryItem, ...] = ()
        self.paused = False
        self.waiting_since: float | None = None
        self.owes_apology = False
        self.ear = Ear()
        self.spoken: dict[int, str] = {}
        self.reported_ms: dict[int, int] = {}
        self.unanswered: list[str] = []
        self.began: set[int] = set()
        self.over: set[int] = set()
        self.calls: dict[str, str] = {}
        self.running: dict[str, int] = {}
        self.keys: set[str] = set()
        self.ends = 0
        self.shown_speaking = False
        self.turns: dict[int, tuple[int, bool]] = {}

    # --- commands ---

    def watch(self, commands: list[Command]) -> None:
        self._nobody_waits_too_long()
        for command in commands:
            assert not self.ends, "nothing follows the end"
            if isinstance(command, StartReply):
                self._start(command)
            elif isinstance(command, OF_A_REPLY):
                assert command.reply == self.living, "a command for a reply that does not live"
                self._of_reply(command)
            elif isinstance(command, RunTool):
                self._run_tool(command)
            elif isinstance(command, EndSession):
                self.ends += 1
            elif isinstance(command, SetTimer):
                assert 0 < command.delay_s <= self.driver.timings.session_s
            elif isinstance(command, Notify):
                self._notice(command.notice)

    def _start(self, command: StartReply) -> None:
        assert self.living is None, "two replies at once"
        assert not (command.kind is ReplyKind.PHRASE and command.speculative)
        self.living, self.kind, self.paused = command.reply, command.kind, False
        self.draft = command.reply if command.speculative else None
        self.draft_knows = command.history
        self.spoken[command.reply] = ""
        self.ear.began(command.reply)
        if not command.speculative:
            self._answers()

    def _answers(self) -> None:
        self.waiting_since = self.driver.now
        self.owes_apology = False

    def _of_reply(self, command: Command) -> None:
        if isinstance(command, Speak):
            self.spoken[command.reply] += command.text
            self.ear.said(command.reply, command.text)
        elif isinstance(command, CommitReply):
            assert command.reply == self.draft
            kept = self.driver.core.history.items
            assert kept[: len(self.draft_knows)] == self.draft_knows, "a draft of something else"
            self.draft = None
            self._answers()
        elif isinstance(command, CancelReply):
            self.living = self.draft = self.waiting_since = None
        elif isinstance(command, ContinueReply):
            assert self.draft is None, "a draft has no tools to go on after"
            assert self.living not in self.running.values(), "a tool has not answered yet"
        elif isinstance(command, PausePlayout):
            assert not self.paused
            assert self.draft is None
            self.paused, self.waiting_since = True, None
        elif isinstance(command, ResumePlayout):
            assert self.paused
            assert command.from_ms <= self.ear.made_ms(command.reply)
            self.paused, self.waiting_since = False, self.driver.now

    def _run_tool(self, command: RunTool) -> None:
        assert self.draft is None, "a draft runs no tools"
        assert self.living is not None
        assert command.key not in self.keys, "two calls with one key"
        assert self.calls[command.call.id] == "began"
        self.keys.add(command.key)
        self.calls[command.call.id] = "runs"
        self.running[command.call.id] = self.living
        assert len(self.running) <= self.driver.timings.max_calls

    # --- notices ---

    def _notice(self, notice: Notice) -> None:
        if isinstance(notice, ReplyBegan):
            assert notice.reply not in self.began
            self.began.add(notice.reply)
        elif isinstance(notice, ReplyCutShort):
            assert notice.reply in self.began
            assert notice.heard.ms <= self.reported_ms.get(notice.reply, 0), "more was heard than was reported"
            assert self.spoken[notice.reply].strip().startswith(notice.heard.text)
            self.ear.check_cut(notice.reply, notice.heard.text)
        elif isinstance(notice, ReplyOver):
            self._over(notice)
        elif isinstance(notice, CallerSpeaks | CallerQuiet):
            assert self.shown_speaking is isinstance(notice, CallerQuiet)
            self.shown_speaking = isinstance(notice, CallerSpeaks)
        elif isinstance(notice, TranscriptUpdated):
            revision, final = self.turns.get(notice.turn, (0, False))
            assert not final, "a turn was changed after it was final"
            assert notice.rev == revision + 1
            self.turns[notice.turn] = (notice.rev, notice.final)
            if notice.final and not BACKCHANNELS.make_up(notice.text):
                self.asked(notice.text)
        elif isinstance(notice, ToolBegan):
            assert self.calls.get(notice.call, "over") == "over"
            self.calls[notice.call] = "began"
        elif isinstance(notice, ToolOver):
            assert self.calls[notice.call] in ("began", "runs")
            self.calls[notice.call] = "over"
            self.running.pop(notice.call, None)

    def _over(self, notice: ReplyOver) -> None:
        assert notice.reply in self.began
        assert notice.reply not in self.over
        self.over.add(notice.reply)
        self.living = self.waiting_since = None
        self.ear.over(notice.reply, completed=notice.status is ReplyStatus.COMPLETED)
        if notice.status is ReplyStatus.FAILED and self.kind is ReplyKind.ANSWER:
            self.owes_apology = bool(self.driver.phrases.apology)

    # --- what was reported ---

    def asked(self, text: str) -> None:
        """The caller has said or typed this, and is to be answered."""
        if text.strip() and self.driver.core.life is Life.LIVE:
            self.unanswered.append(text.strip())

    def played(self, reply: int, ms: int, quality: Quality) -> None:
        """The client is about to say that it has played so much."""
        if self.driver.core.life in (Life.LIVE, Life.CLOSING):
            self.ear.played(reply, ms, quality, living=self.living)
        ms = min(ms, self.ear.made_ms(reply))
        if ms > self.reported_ms.get(reply, 0):
            self.reported_ms[reply] = ms
            if reply == self.living and self.waiting_since is not None:
                self.waiting_since = self.driver.now

    # --- what holds in between ---

    def check(self) -> None:
        self._history()
        self._draft()
        self._nobody_waits_in_vain()
        self._timers()

    def _history(self) -> None:
        """Only what was spoken is in it, and only as much of it as was reported to have been heard."""
        self.ear.check(self.driver.core.history.items)
        for item in self.driver.core.history.items:
            if isinstance(item, Utterance):
                assert item.text.strip()
                assert item.speaker is Speaker.CALLER or any(
                    item.text in text and self.reported_ms.get(reply) for reply, text in self.spoken.items()
                )

    def _draft(self) -> None:
        """A draft tells nothing, and nothing of it is in the history."""
        if self.draft is not None:
            assert self.draft not in self.began

    def _nobody_waits_in_vain(self) -> None:
        self._nobody_waits_too_long()
        core = self.driver.core
        if core.life is Life.LIVE and core.hearing is Hearing.QUIET and self.living is None:
            assert not self.owes_apology, "the caller was left with an answer that failed"
            turns = [text for who, text in self.driver.history if who == "caller"]
            left = [text for text in self.unanswered if not any(text in turn for turn in turns)]
            assert not left, "a turn was left without an answer"
            self.unanswered.clear()

    def _nobody_waits_too_long(self) -> None:
        if self.waiting_since is not None:
            waited_s = self.driver.now - self.waiting_since
            assert waited_s <= self.driver.timings.silence_s + 0.01, "silence without a bound"

    def _timers(self) -> None:
        core, armed = self.driver.core, self.driver.timers.keys()
        if core.life is Life.CLOSED:
            assert not armed
            assert self.living is None
            return
        assert (STALL in armed) == (core.reply_phase is not Phase.NONE) == (self.living is not None)
        if core.life is Life.CLOSING:
            assert armed == {FAREWELL, STALL}
            return
        assert (
            {IDLE, DURATION} <= armed <= {IDLE, DURATION, HOLD, COMMITMENT, KEYS, END_OF_SPEECH, TRANSCRIPT, STALL}
        )
        assert (core.hearing is not Hearing.QUIET) == bool({END_OF_SPEECH, TRANSCRIPT} & armed)
        if core.reply_phase is Phase.PAUSED:
            assert {HOLD, COMMITMENT, END_OF_SPEECH, TRANSCRIPT} & armed, "held, and nothing will let it go"
