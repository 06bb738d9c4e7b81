"""The calls of tools. They belong to the session: a reply that is interrupted leaves its calls running.

A call is in the history from its beginning, where the model made it, as one whose result is awaited: an answer
that is begun meanwhile does not make it a second time. Its result takes that place, however late it comes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from parley_gateway.conversation.commands import RunTool
from parley_gateway.conversation.effects import Effects
from parley_gateway.conversation.history import History, ToolCall, ToolExchange, ToolResult, ToolStatus
from parley_gateway.conversation.notices import ToolBegan, ToolOver
from parley_gateway.conversation.timings import Timings

RUNNING = "This call is still running. Its result will stand here; do not repeat the call."
SAME = "Not called: the same call is running already. Its result will stand where it was made."
TOO_MANY = "Not called: too many calls are running. Go on without it, or ask again later."
NO_MORE = "Not called: this answer has made too many calls. Answer now with what is known."


@dataclass(frozen=True, slots=True)
class _Running:
    call: ToolCall
    item: int
    """Its place in the history."""
    reply: int


class ToolCalls:
    """All of a session's, and how far those of the present reply are."""

    def __init__(self, effects: Effects, history: History, timings: Timings) -> None:
        self._effects = effects
        self._history = history
        self._timings = timings
        self._running: dict[str, _Running] = {}
        self._made = 0
        self._reply = 0
        self._asked: list[ToolCall] = []
        self._rounds = 0
        self._in_round = False

    # --- the present reply's ---

    def begin(self, reply: int) -> None:
        """A reply begins that has called nothing yet."""
        self._reply = reply
        self._asked.clear()
        self._rounds = 0
        self._in_round = False

    def ask(self, call: ToolCall) -> None:
        """The model wants this called; `run` has it done."""
        if call.id not in self._running and all(call.id != asked.id for asked in self._asked):
            self._rounds += not self._in_round
            self._in_round = True
            self._asked.append(call)

    def run(self) -> None:
        """Call what was asked for: a draft's calls wait for this until the draft is the reply."""
        asked, self._asked = self._asked, []
        for call in asked:
            self._run(call)

    def drop_asked(self) -> None:
        """The reply is over: what it has not called yet is not called."""
        self._asked.clear()

    def end_round(self) -> None:
        """The model is asked anew with the results."""
        self._in_round = False

    @property
    def asked_for(self) -> bool:
        """Whether the model waits for results, or will."""
        return self._in_round

    @property
    def out_of_hand(self) -> bool:
        """Whether the model calls on and on, having been told not to."""
        return self._rounds > self._timings.max_tool_rounds + 1

    @property
    def awaited(self) -> bool:
        """Whether a call of the latest reply is running, or to be run; also after the reply itself is over."""
        return bool(self._asked) or any(running.reply == self._reply for running in self._running.values())

    # --- the session's ---

    def finished(self, result: ToolResult) -> int:
        """A tool has answered; returns the number of the reply that had called it, 0 for no call of ours."""
        running = self._running.pop(result.call, None)
        if running is None:
            return 0
        self._history.replace(running.item, ToolExchange(running.call, result))
        self._effects.notify(ToolOver(running.call.id, running.call.name, result.status))
        return running.reply

    def _run(self, call: ToolCall) -> None:
        self._effects.notify(ToolBegan(call.id, call.name))
        if refusal := self._refusal(call):
            result = ToolResult(call.id, ToolStatus.FAILED, refusal)
            self._history.append(ToolExchange(call, result))
            self._effects.notify(ToolOver(call.id, call.name, ToolStatus.FAILED))
            return
        awaited = ToolResult(call.id, ToolStatus.UNKNOWN, RUNNING)
        item = self._history.append(ToolExchange(call, awaited))
        self._running[call.id] = _Running(call, item, self._reply)
        self._made += 1
        self._effects.do(RunTool(call, f"{self._made}:{call.id}"))

    def _refusal(self, call: ToolCall) -> str:
        if self._rounds > self._timings.max_tool_rounds:
            return NO_MORE
        if any(running.reply != self._reply and _same(running.call, call) for running in self._running.values()):
            return SAME
        return TOO_MANY if len(self._running) >= self._timings.max_calls else ""


def _same(one: ToolCall, other: ToolCall) -> bool:
    return one.name == other.name and _meant(one.arguments) == _meant(other.arguments)


def _meant(arguments: str) -> str:
    """The same for the same arguments, however a model has ordered and spaced them."""
    try:
        return json.dumps(json.loads(arguments), sort_keys=True)
    except (ValueError, RecursionError):
        return arguments
