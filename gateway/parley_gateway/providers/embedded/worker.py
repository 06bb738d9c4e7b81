"""One child process that serves the requests of all sessions, one at a time, and is replaced when it dies."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError
from parley_gateway.providers.embedded.frames import Frame, Kind
from parley_gateway.providers.embedded.process import ChildProcess

log = logging.getLogger(__name__)

_GRACE = 1.0
"""Seconds that a child has to end by itself once its input is closed."""


class Worker:
    """Started by the first request, and again by the next one after it died. Belongs to one event loop.

    A request is answered by a stream of frames. Whoever leaves the stream early cancels it: the child is
    told, and what it still says of it is passed over, so nobody waits for it.
    """

    def __init__(self, module: str, *, stage: Stage, deadline: float, arguments: tuple[str, ...] = ()) -> None:
        """`deadline`: seconds for the child to load, and between two frames of an answer."""
        self._module = module
        self._arguments = arguments
        self._stage = stage
        self._deadline = deadline
        self._turn = asyncio.Lock()
        self._child: ChildProcess | None = None
        self._requests = 0
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether a request would have to wait for another."""
        return self._turn.locked()

    @property
    def pid(self) -> int | None:
        """The child's, while there is one."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Have the child loaded. Raises ProviderError."""
        async with self._turn:
            await self._living_child()

    async def request(self, payload: bytes) -> AsyncGenerator[Frame, None]:
        """The DATA and INFO frames that answer. Raises ProviderError: TIMEOUT, CUT (the child died), REFUSED.

        A request that finds the child dying is begun anew with another one, once.
        """
        async with self._turn:
            answered = False
            try:
                async with aclosing(self._attempt(payload)) as frames:
                    async for frame in frames:
                        answered = True
                        yield frame
                return  # noqa: TRY300 - the rest is for an error only
            except ProviderError as error:
                if answered or error.kind is not FailureKind.CUT:
                    raise
            async with aclosing(self._attempt(payload)) as frames:
                async for frame in frames:
                    yield frame

    async def aclose(self) -> None:
        """End the child. Requests that run, or come later, fail."""
        self._closed = True
        child, self._child = self._child, None
        if child is not None:
            await child.end(grace=_GRACE)

    async def _attempt(self, payload: bytes) -> AsyncGenerator[Frame, None]:
        child = await self._living_child()
        self._requests += 1
        number = self._requests
        finished = False
        try:
            await child.send(Frame(Kind.REQUEST, number, payload))
            while (frame := await child.receive(number)).kind is not Kind.DONE:
                yield frame
            finished = True
        except ProviderError:
            finished = True
            raise
        finally:
            if not finished:
                child.cancel(number)

    async def _living_child(self) -> ChildProcess:
        if self._closed:
            raise ProviderError(self._stage, FailureKind.UNREACHABLE, "closed")
        if self._child is not None and self._child.alive:
            return self._child
        if self._child is not None:
            log.warning("embedded worker lost", extra={"stage": self._stage, "pid": self._child.pid})
        self._child = await ChildProcess.start(
            self._module, self._arguments, stage=self._stage, deadline=self._deadline
        )
        log.info("embedded worker started", extra={"stage": self._stage, "pid": self._child.pid})
        return self._child
