"""Drives the core by hand: a clock that is moved, timers that fire when it is, and what came out, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from parley_gateway.conversation.commands import CancelTimer, Command, Notify, SetTimer, Speak, StartReply
from parley_gateway.conversation.events import (
    AudioReady,
    CommitRequested,
    EndOfTurn,
    Event,
    PlayoutReported,
    Quality,
    ReplyProduced,
    ReplyText,
    ReplyTextEnded,
    SessionReady,
    SpeechStarted,
    SpeechStopped,
    TimerFired,
    ToolFinished,
    ToolRequested,
    TranscriptChanged,
    TurnEnd,
)
from parley_gateway.conversation.history import HistoryItem, ToolCall, ToolResult, ToolStatus, Utterance
from parley_gateway.conversation.notices import Notice
from parley_gateway.conversation.phrases import Phrases
from parley_gateway.conversation.policy import Policy
from parley_gateway.conversation.timings import Timings
from parley_gateway.conversation.turns import Conversation

C = TypeVar("C", bound=Command)
N = TypeVar("N", bound=Notice)


class Driver:
    """One conversation. `said` is all that came out; `feed` returns what came of that event alone."""

    def __init__(
        self,
        *,
        owns_turns: bool = True,
        greeting: str | None = None,
        timings: Timings | None = None,
        policy: Policy | None = None,
        phrases: Phrases | None = None,
    ) -> None:
        self.timings = timings or Timings()
        self.phrases = phrases or Phrases()
        self.core = Conversation(owns_turns=owns_turns, timings=self.timings, policy=policy, phrases=phrases)
        self.now = 0.0
        self.said: list[Command] = []
        self.timers: dict[str, tuple[float, int]] = {}
        self._utterance = -1
        self.feed(SessionReady(greeting))

    # --- events ---

    def feed(self, event: Event) -> list[Command]:
        commands = self.core.feed(event, self.now)
        for command in commands:
            if isinstance(command, SetTimer):
                self.timers[command.name] = (self.now + command.delay_s, command.generation)
            elif isinstance(command, CancelTimer):
                del self.timers[command.name]
        self.said += commands
        return commands

    def advance(self, seconds: float, *, watch: Callable[[list[Command]], None] | None = None) -> list[Command]:
        """Let time pass; timers fire in their order. `watch` sees what comes of each when it does."""
        until, commands = self.now + seconds, []
        while self.timers:
            name, (due, generation) = min(self.timers.items(), key=lambda timer: timer[1][0])
            if due > until:
                break
            self.now = max(self.now, due)
            del self.timers[name]
            came = self.feed(TimerFired(name, generation))
            commands += came
            if watch is not None:
                watch(came)
        self.now = until
        return commands

    def starts_speaking(self) -> list[Command]:
        return self.feed(SpeechStarted(int(self.now * 1000)))

    def stops_speaking(self) -> list[Command]:
        return self.feed(SpeechStopped(int(self.now * 1000)))

    def hears(self, text: str, *, final: bool = False, revises: bool = False) -> list[Command]:
        """A transcript of a new utterance, or a revision of the last one."""
        if not revises:
            self._utterance += 1
        return self.feed(TranscriptChanged(self._utterance, text, final))

    def turn_ends(self, end: TurnEnd = TurnEnd.FINAL) -> list[Command]:
        return self.feed(EndOfTurn(end))

    def commits(self) -> list[Command]:
        return self.feed(CommitRequested())

    def caller_says(self, text: str) -> int:
        """A whole turn; returns the number of the reply that it leads to."""
        self.starts_speaking()
        self.hears(text, final=True)
        self.stops_speaking()
        self.turn_ends()
        return self.reply

    def model_calls(self, name: str, *, arguments: str = "{}", id: str | None = None) -> list[Command]:  # noqa: A002
        """The model asks for a tool, by its name unless it is given an id."""
        return self.feed(ToolRequested(self.reply, ToolCall(id or name, name, arguments)))

    def tool_answers(
        self, call: str, text: str = "done", *, status: ToolStatus = ToolStatus.SUCCEEDED
    ) -> list[Command]:
        return self.feed(ToolFinished(ToolResult(call, status, text)))

    def model_writes(self, text: str, *, ended: bool = True) -> list[Command]:
        commands = self.feed(ReplyText(self.reply, text))
        return commands + (self.feed(ReplyTextEnded(self.reply)) if ended else [])

    def voice_speaks(self, ms: int, *, segment: int = 0) -> list[Command]:
        return self.feed(AudioReady(self.reply, segment, ms))

    def client_plays(self, ms: int, *, finished: bool = False) -> list[Command]:
        return self.feed(PlayoutReported(self.reply, ms, Quality.ESTIMATED, finished))

    def agent_says(self, text: str) -> None:
        """A whole reply, from the model's text to the end of its playout, a second a segment."""
        commands = self.model_writes(text)
        segments = [command.segment for command in commands if isinstance(command, Speak)]
        for segment in segments:
            self.voice_speaks(1000, segment=segment)
        self.feed(ReplyProduced(self.reply))
        self.client_plays(1000 * len(segments), finished=True)

    # --- what came of them ---

    @property
    def reply(self) -> int:
        """The number of the latest reply."""
        return max((command.reply for command in self.said if isinstance(command, StartReply)), default=0)

    def commands(self, kind: type[C]) -> list[C]:
        return [command for command in self.said if isinstance(command, kind)]

    def notices(self, kind: type[N]) -> list[N]:
        return notices(self.said, kind)

    @property
    def history(self) -> list[tuple[str, str]]:
        return told(self.core.history.items)


def told(history: Iterable[HistoryItem]) -> list[tuple[str, str]]:
    """A history as pairs: who or which tool, and what."""
    return [
        (item.speaker.value, item.text) if isinstance(item, Utterance) else (item.call.name, item.result.text)
        for item in history
    ]


def notices(commands: list[Command], kind: type[N]) -> list[N]:
    """The notices of one kind among commands."""
    return [
        command.notice for command in commands if isinstance(command, Notify) and isinstance(command.notice, kind)
    ]


def kinds(commands: list[Command]) -> list[type]:
    """What the commands are, a notice being named by itself; timers left out."""
    return [
        type(command.notice) if isinstance(command, Notify) else type(command)
        for command in commands
        if not isinstance(command, SetTimer | CancelTimer)
    ]
