"""Watches over one reply: without progress, or with nothing to hear, it has failed after a bounded time."""

from __future__ import annotations

from parley_gateway.conversation.effects import Effects
from parley_gateway.conversation.timings import Timings

STALL = "reply_stall"


class Watch:
    """The clocks of the living reply, and the timer that looks at them; it is not set anew with every progress."""

    def __init__(self, effects: Effects, timings: Timings) -> None:
        self._effects = effects
        self._timings = timings
        self._progress_at = 0.0
        self._heard_at = 0.0

    def begin(self) -> None:
        """A reply begins."""
        self.heard()
        self.look_again(tools_awaited=False)

    def progressed(self) -> None:
        """Something was made."""
        self._progress_at = self._effects.now

    def heard(self, *, ago_s: float = 0.0) -> None:
        """More was heard until then; or the caller begins to wait, or has stopped keeping the reply waiting."""
        self._heard_at = max(self._heard_at, self._effects.now - ago_s)
        self._progress_at = max(self._progress_at, self._heard_at)

    def is_over(self, *, tools_awaited: bool) -> bool:
        """Whether there is no use in waiting on."""
        return self._left(tools_awaited) <= 0.001

    def look_again(self, *, tools_awaited: bool) -> None:
        """Wake when it might be."""
        self._effects.set_timer(STALL, self._left(tools_awaited))

    def end(self) -> None:
        """The reply is over."""
        self._effects.cancel_timer(STALL)

    def _left(self, tools_awaited: bool) -> float:
        stall_s = self._timings.tool_s if tools_awaited else self._timings.reply_stall_s
        until = min(self._progress_at + stall_s, self._heard_at + self._timings.silence_s)
        return until - self._effects.now
