"""The core's timers on the event loop's clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from parley_gateway.conversation.commands import CancelTimer, SetTimer
from parley_gateway.conversation.events import TimerFired


class Timers:
    """One per name: setting it anew replaces it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_fired: Callable[[TimerFired], None]) -> None:
        self._loop = loop
        self._on_fired = on_fired
        self._handles: dict[str, asyncio.TimerHandle] = {}

    def set(self, command: SetTimer) -> None:
        """Fire once, after the delay."""
        if earlier := self._handles.get(command.name):
            earlier.cancel()
        self._handles[command.name] = self._loop.call_later(command.delay_s, self._fire, command)

    def cancel(self, command: CancelTimer) -> None:
        """Do not fire."""
        if handle := self._handles.pop(command.name, None):
            handle.cancel()

    def cancel_all(self) -> None:
        """Fire nothing more."""
        for handle in self._handles.values():
            handle.cancel()
        self._handles.clear()

    def _fire(self, command: SetTimer) -> None:
        self._handles.pop(command.name, None)
        self._on_fired(TimerFired(command.name, command.generation))
