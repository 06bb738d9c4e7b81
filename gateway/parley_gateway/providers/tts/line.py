"""One WebSocket to a voice, kept open, and the contexts that speak over it.

Writing never waits: messages go through a bounded outbox, so that whoever interrupts a reply has done so when the
call returns. Nor does anyone wait for a close: a line that is no longer wanted is aborted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError
from parley_gateway.providers.resilience.rate_window import RateWindow
from parley_gateway.providers.websocket import AbortableWebSocket, websocket_failure

_OUTBOX = 256
"""Messages that wait while the provider does not read; a sentence takes three."""

Connect = Callable[[str], AbstractAsyncContextManager[AbortableWebSocket]]
"""Opens a socket with a key."""
Read = Callable[[str | bytes], tuple[str, Any] | None]
"""The context that a message belongs to, and what it says; None for one that says nothing.

Raises ProviderError for one that ends the line.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How a provider uses a WebSocket."""

    connect: Connect
    read: Read
    contexts: int
    """That may share one."""
    per_minute: int | None = None
    """Requests that one may be sent in a minute."""
    keep_alive: str | None = None
    """A message that keeps an idle one open, where pings do not."""


class Listener(Protocol):
    """A context's end on this side. Neither method waits."""

    def take(self, message: Any) -> None:
        """A message of the context. Raises ProviderError where it is not in the provider's format."""
        ...

    def fail(self, failure: ProviderError) -> None:
        """The line is no more; nothing follows."""
        ...


class Line:
    """One connection, which is being made from the beginning. What is posted before it is there is sent then."""

    def __init__(self, wire: Wire, key: str, on_change: Callable[[Line], None]) -> None:
        """`on_change`: a context has left, or all is over."""
        self.key = key
        self.failure: ProviderError | None = None
        """Why it is over."""
        self.was_open = False
        self.opened_at = 0.0
        self._wire = wire
        self._on_change = on_change
        self._listeners: dict[str, Listener] = {}
        self._outbox: asyncio.Queue[tuple[str, Callable[[], None] | None]] = asyncio.Queue(_OUTBOX)
        self._requests = RateWindow(wire.per_minute)
        self._settled = asyncio.Event()
        self._retired = False
        self._over = False
        self._task = asyncio.create_task(self._run(), name="voice line")

    @property
    def over(self) -> bool:
        """Whether it is of no more use to anyone."""
        return self._over

    @property
    def idle(self) -> bool:
        """Whether nobody speaks over it."""
        return not self._listeners

    @property
    def has_room(self) -> bool:
        """Whether another context may join."""
        return not self._retired and not self.spent and len(self._listeners) < self._wire.contexts

    @property
    def spent(self) -> bool:
        """Whether it may not be asked for anything now."""
        return self._over or self._requests.wait(_now()) > 0

    async def settled(self) -> None:
        """Returns when it is open. Raises ProviderError when it could not be opened, or is over."""
        await self._settled.wait()
        if self.failure is not None:
            raise _again(self.failure)

    # --- for those who speak ---

    def join(self, context: str, listener: Listener) -> None:
        """Hear what is said to this context from now on."""
        self._listeners[context] = listener

    def leave(self, context: str) -> None:
        """Hear nothing more: what still comes for this context is dropped."""
        if self._listeners.pop(context, None) is None:
            return
        if self._retired and self.idle:
            self.abort()
        else:
            self._on_change(self)

    def count_request(self) -> None:
        """What is posted next counts against what the line may be asked in a minute."""
        self._requests.take(_now())

    def post(self, message: str, on_sent: Callable[[], None] | None = None) -> None:
        """Send a message soon, in its turn."""
        if self._over:
            return
        try:
            self._outbox.put_nowait((message, on_sent))
        except asyncio.QueueFull:
            self._finish(ProviderError(Stage.TTS, FailureKind.TIMEOUT, "the provider does not read"))
            self._task.cancel()

    def retire(self) -> None:
        """Take no new contexts, and end with the last: something is wrong with it."""
        self._retired = True
        if self.idle:
            self.abort()

    def abort(self) -> None:
        """Let go at once; who still speaks hears of it."""
        self._finish(ProviderError(Stage.TTS, FailureKind.CUT, "the connection was given up"))
        self._task.cancel()

    async def ended(self) -> None:
        """Returns when nothing is left of an aborted line."""
        await asyncio.wait([self._task])

    # --- the connection ---

    async def _run(self) -> None:
        try:
            async with self._wire.connect(self.key) as socket:
                self.was_open = True
                self.opened_at = _now()
                self._settled.set()
                writing = asyncio.create_task(self._write(socket), name="voice line's outbox")
                try:
                    while True:
                        self._hear(await socket.recv())
                finally:
                    socket.abort()
                    writing.cancel()
                    await asyncio.wait([writing])
        except Exception as error:
            failure = websocket_failure(Stage.TTS, error)
            if failure is None:
                raise
            self._finish(failure)
        finally:
            self.abort()

    async def _write(self, socket: AbortableWebSocket) -> None:
        try:
            while True:
                message, on_sent = await self._outbox.get()
                await socket.send(message)
                if on_sent is not None:
                    on_sent()
        except Exception as error:
            # The reader hears of the end as well, and tells of it.
            if websocket_failure(Stage.TTS, error) is None:
                raise
        finally:
            socket.abort()

    def _hear(self, raw: str | bytes) -> None:
        told = self._wire.read(raw)
        if told is None:
            return
        context, message = told
        listener = self._listeners.get(context)
        if listener is None:
            return
        try:
            listener.take(message)
        except ProviderError as failure:
            listener.fail(failure)

    def _finish(self, failure: ProviderError) -> None:
        if self._over:
            return
        self._over = True
        self.failure = failure
        self._settled.set()
        listeners, self._listeners = self._listeners, {}
        for listener in listeners.values():
            listener.fail(_again(failure))
        self._on_change(self)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _again(failure: ProviderError) -> ProviderError:
    """One for each who is told: what is raised collects a traceback, and perhaps advice."""
    return type(failure)(failure.stage, failure.kind, failure.detail, retry_after=failure.retry_after)
