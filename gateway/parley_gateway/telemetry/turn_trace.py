"""What a trace shows of a turn: what was waited for, of whom, and how it went. Times and names, never a word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from parley_gateway.conversation.events import EndReason, FailureKind, Stage
from parley_gateway.conversation.history import ToolStatus
from parley_gateway.conversation.notices import ReplyStatus
from parley_gateway.ports import Usage
from parley_gateway.session.observer import Latency, Milestone

_Attributes = dict[str, str | int | float | bool]
_Times = dict[Milestone, float]
_LASTING = frozenset({Milestone.TEXT_ENDED, Milestone.SPEECH_ENDED, Milestone.CALLER_SPEAKS})
"""Those of which the last counts; of the others the first does."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened within a span."""

    name: str
    at: float
    attributes: _Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """One thing that took a while; times are wall-clock seconds."""

    name: str
    began_at: float
    ended_at: float
    attributes: _Attributes = field(default_factory=dict)
    moments: tuple[Moment, ...] = ()
    failed: bool = False
    parts: tuple[Span, ...] = ()


class TurnTraces:
    """One session's observer: draws each turn once its reply is over."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        on_turn: Callable[[Span], None],
        on_ended: Callable[[EndReason], None],
    ) -> None:
        """`clock` tells wall-clock seconds."""
        self._clock = clock
        self._on_turn = on_turn
        self._on_ended = on_ended
        self._spoke_at: float | None = None
        self._replies: dict[int, _Times] = {}
        self._turn = _Turn()

    def reached(self, milestone: Milestone, *, reply: int, ago_s: float = 0.0) -> None:
        """A reply, or the caller, has come this far."""
        at = self._clock() - ago_s
        if milestone is Milestone.CALLER_SPEAKS:
            self._spoke_at = at
            return
        times = self._replies.setdefault(reply, {})
        if milestone in _LASTING or milestone not in times:
            times[milestone] = at
        if milestone is Milestone.TURN_ENDED and self._spoke_at is not None:
            times[Milestone.CALLER_SPEAKS] = min(self._spoke_at, at)
            self._spoke_at = None

    def reply_over(self, reply: int, status: ReplyStatus) -> None:
        """The turn is over; drafts that came before its reply were thrown away."""
        times = self._replies.get(reply, {})
        self._replies = {number: later for number, later in self._replies.items() if number > reply}
        turn, self._turn = self._turn, _Turn()
        self._on_turn(turn.drawn(reply, times, status, self._clock()))

    def latency(self, kind: Latency, seconds: float) -> None:
        """A span that a caller feels; the longest of its kind is shown."""
        longest = self._turn.latencies.get(kind, 0.0)
        self._turn.latencies[kind] = max(seconds, longest)

    def provider_failed(self, stage: Stage, kind: FailureKind) -> None:
        """Shown within the stage's span."""
        moment = Moment("provider failed", self._clock(), {"parley.kind": kind.value})
        self._turn.failures.setdefault(stage, []).append(moment)

    def used(self, usage: Usage) -> None:
        """Shown with the stage's span: who did it, and how much it was."""
        shown = self._turn.usage.setdefault(usage.stage, {})
        shown["parley.provider"], shown["parley.model"] = usage.provider, usage.model
        for unit, amount in usage.amounts.items():
            name = f"parley.usage.{unit.value}"
            shown[name] = float(shown.get(name, 0.0)) + amount

    def tool_over(self, name: str, status: ToolStatus, seconds: float) -> None:
        """A part of the turn in which it has answered."""
        now = self._clock()
        attributes: _Attributes = {"parley.tool": name, "parley.status": status.value}
        failed = status is not ToolStatus.SUCCEEDED
        self._turn.tools.append(Span("tool", now - seconds, now, attributes, failed=failed))

    def underrun(self, ms: int) -> None:
        """Shown within the playout."""
        self._turn.underruns.append(Moment("underrun", self._clock(), {"parley.ms": ms}))

    def session_ended(self, reason: EndReason, _seconds: float) -> None:
        """A reply that is under way ends with it, untold."""
        self._on_ended(reason)


@dataclass(slots=True)
class _Turn:
    """What was told since the last reply was over."""

    latencies: dict[Latency, float] = field(default_factory=dict)
    usage: dict[Stage, _Attributes] = field(default_factory=dict)
    failures: dict[Stage, list[Moment]] = field(default_factory=dict)
    tools: list[Span] = field(default_factory=list)
    underruns: list[Moment] = field(default_factory=list)

    def drawn(self, reply: int, times: _Times, status: ReplyStatus, now: float) -> Span:
        stages = (
            self._part(Stage.STT, times, (Milestone.CALLER_SPEAKS, None, Milestone.TURN_ENDED), now),
            self._part(Stage.LLM, times, (Milestone.MODEL_ASKED, Milestone.TEXT, Milestone.TEXT_ENDED), now),
            self._part(Stage.TTS, times, (Milestone.VOICE_ASKED, Milestone.SPEECH, Milestone.SPEECH_ENDED), now),
        )
        playing = times.get(Milestone.PLAYING)
        playout = Span("playout", playing, now, moments=tuple(self.underruns)) if playing is not None else None
        parts = tuple(part for part in (*stages, *self.tools, playout) if part is not None)
        felt: _Attributes = {f"parley.latency.{kind.value}": value for kind, value in self.latencies.items()}
        return Span(
            "turn",
            min((part.began_at for part in parts), default=now),
            now,
            {"parley.reply": reply, "parley.status": status.value, **felt},
            failed=status is ReplyStatus.FAILED,
            parts=parts,
        )

    def _part(
        self, stage: Stage, times: _Times, course: tuple[Milestone, Milestone | None, Milestone], now: float
    ) -> Span | None:
        """A stage's, if it had anything to do; one that did not come to its end ends with the turn."""
        began, first, ended = course
        if began not in times:
            return None
        came = [Moment("first", times[first])] if first in times else []
        failures = self.failures.get(stage, [])
        return Span(
            stage.value,
            times[began],
            times.get(ended, now),
            self.usage.get(stage, {}),
            moments=(*came, *failures),
            failed=bool(failures),
        )
