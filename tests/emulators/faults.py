"""What goes wrong, on demand: the same faults for every wire format."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tests.emulators.http import Exchange

FaultKind = Literal["none", "refuse", "stall", "cut", "end", "garbage", "error_event", "ignore_close"]
GARBAGE = b"\x00\xffthis is not the format that you are looking for\r\n\r\n"


class Fault(BaseModel):
    """One thing that goes wrong.

    none: all is well. refuse: the HTTP status `status` instead of an answer. stall: silence, for ever. cut: the
    connection is reset.
    end: the connection or body ends properly, but too early. garbage: bytes that are not the format.
    error_event: the provider's own error message within the stream. ignore_close: a WebSocket's close frame
    is not answered. `after`: how many events, chunks or messages are sent before; 0 is before the answer begins.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind
    after: int = Field(default=0, ge=0)
    status: int = 401
    retry_after: str | None = None
    error_type: str = "overloaded_error"
    times: int | None = 1
    """How many requests it befalls; None for all."""


class Pace(BaseModel):
    """How fast an answer comes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first_ms: int = 0
    between_ms: int = 0

    async def wait(self, sent: int) -> None:
        """Wait for the time of the next piece."""
        delay = self.between_ms if sent else self.first_ms
        if delay:
            await asyncio.sleep(delay / 1000)


class FaultPlan:
    """Which request meets which fault: in order, one fault at a time."""

    def __init__(self, faults: list[Fault]) -> None:
        self._left = deque((fault, fault.times) for fault in faults)

    def next(self) -> Fault | None:
        """The fault of the request that has just come."""
        if not self._left:
            return None
        fault, times = self._left.popleft()
        if times is None:
            self._left.appendleft((fault, None))
        elif times > 1:
            self._left.appendleft((fault, times - 1))
        return None if fault.kind == "none" else fault


class FaultStruckError(Exception):
    """The answer is over: a fault has ended it."""


async def stall() -> None:
    """Silence until the client leaves."""
    await asyncio.Event().wait()


class FaultyBody:
    """A chunked answer that meets its fault after so many pieces."""

    def __init__(self, exchange: Exchange, fault: Fault | None, pace: Pace, *, error_event: bytes = b"") -> None:
        self._exchange = exchange
        self._fault = fault
        self._pace = pace
        self._error_event = error_event
        self._sent = 0

    async def start(self, headers: Mapping[str, str]) -> None:
        """Begin with `200 OK`."""
        if self._fault is not None and self._fault.after == 0 and self._fault.kind != "error_event":
            await self._strike(self._fault)
        await self._exchange.start(200, headers)

    async def write(self, piece: bytes) -> None:
        """Send the next piece when its time has come. Raises FaultStruckError."""
        if self._fault is not None and self._sent >= self._fault.after:
            await self._strike(self._fault)
        await self._pace.wait(self._sent)
        await self._exchange.write(piece)
        self._sent += 1

    async def finish(self) -> None:
        """The proper end."""
        if self._fault is not None:
            await self._strike(self._fault)
        await self._exchange.finish()
        self._exchange.entry.outcome = "completed"

    async def _strike(self, fault: Fault) -> None:
        match fault.kind:
            case "stall":
                await stall()
            case "cut":
                self._exchange.cut()
            case "garbage":
                await self._garbage(before_answer=self._sent == 0 and fault.after == 0)
            case "error_event":
                await self._exchange.write(self._error_event)
                await self._exchange.finish()
            case "end":
                await self._end(begun=fault.after > 0)
            case _:
                return
        self._exchange.entry.outcome = "faulted"
        raise FaultStruckError

    async def _garbage(self, *, before_answer: bool) -> None:
        """No HTTP at all, or a proper body that goes on with nonsense."""
        if before_answer:
            await self._exchange.raw(GARBAGE)
            self._exchange.cut_softly()
            return
        await self._exchange.write(b'event: message_start\ndata: {"type": ' + GARBAGE + b"\n\n")
        await self._exchange.finish()

    async def _end(self, *, begun: bool) -> None:
        if begun:
            await self._exchange.finish()
        else:
            self._exchange.cut_softly()
