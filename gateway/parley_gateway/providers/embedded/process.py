"""A child process that speaks in frames, and all the ways in which it can fail to."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError
from parley_gateway.providers.embedded.frames import HEADER, Frame, FrameError, Kind, decode_header

_CHUNK = 65_536
"""Bytes to read at a time of what nobody waits for any more."""


class ChildProcess:
    """One child, from its start to its end. After an error it is dead."""

    def __init__(
        self,
        process: Process,
        pipes: tuple[asyncio.StreamWriter, asyncio.StreamReader],
        *,
        stage: Stage,
        deadline: float,
    ) -> None:
        self._process = process
        self._to, self._from = pipes
        self._stage = stage
        self._deadline = deadline
        self._reading = asyncio.Lock()
        self._header: tuple[Kind, int, int] | None = None

    @classmethod
    async def start(
        cls, module: str, arguments: tuple[str, ...], *, stage: Stage, deadline: float
    ) -> ChildProcess:
        """Run `python -m module arguments`; `deadline`: seconds for each frame awaited. Raises ProviderError."""
        try:
            # A session of its own: Ctrl-C on the terminal is the gateway's to handle.
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, *arguments,
                stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise ProviderError(stage, FailureKind.UNREACHABLE, f"no child process: {error.strerror}") from error
        if process.stdin is None or process.stdout is None:
            raise ProviderError(stage, FailureKind.UNREACHABLE, "a child process without pipes")
        child = cls(process, (process.stdin, process.stdout), stage=stage, deadline=deadline)
        try:
            await child.receive(0)
        except BaseException:
            child.kill()
            raise
        return child

    @property
    def alive(self) -> bool:
        """Whether it runs, as far as is known."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """The operating system's number of it."""
        return self._process.pid

    async def send(self, frame: Frame) -> None:
        """Write a frame. Raises ProviderError CUT, or TIMEOUT when the child takes nothing."""
        try:
            async with asyncio.timeout(self._deadline):
                self._to.write(frame.encode())
                await self._to.drain()
        except ConnectionError as error:
            raise await self._dead(FailureKind.CUT, "the child process ended") from error
        except TimeoutError as error:
            raise await self._dead(FailureKind.TIMEOUT, "the child process takes no request") from error

    def cancel(self, request: int) -> None:
        """Tell the child that nobody waits for a request any more."""
        if self.alive and not self._to.is_closing():
            self._to.write(Frame(Kind.CANCEL, request).encode())

    async def receive(self, request: int) -> Frame:
        """The next frame of that request, those of earlier ones passed over. Raises ProviderError."""
        try:
            async with asyncio.timeout(self._deadline), self._reading:
                while (frame := await self._read()).request != request:
                    pass
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise await self._dead(FailureKind.CUT, "the child process ended") from error
        except TimeoutError as error:
            raise await self._dead(FailureKind.TIMEOUT, "the child process does not answer") from error
        except FrameError as error:
            raise await self._dead(FailureKind.GARBAGE, str(error)) from error
        if frame.kind is Kind.FAILED:
            raise ProviderError(self._stage, FailureKind.REFUSED, frame.payload.decode())
        return frame

    def kill(self) -> None:
        """End it at once; it is reaped by the event loop."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def end(self, *, grace: float) -> None:
        """Close its input and wait; a child that is still there after `grace` seconds is killed."""
        self._to.close()
        try:
            async with asyncio.timeout(grace):
                await self._gone()
        except TimeoutError:
            self.kill()
            await self._gone()

    async def _read(self) -> Frame:
        """Whole frames, also when an earlier reader was cancelled between a header and its payload."""
        if self._header is None:
            self._header = decode_header(await self._from.readexactly(HEADER.size))
        kind, request, length = self._header
        payload = await self._from.readexactly(length)
        self._header = None
        return Frame(kind, request, payload)

    async def _gone(self) -> None:
        """Wait for its end. What it still says is read: asyncio closes no pipe before all of it was taken."""
        async with self._reading:
            with suppress(ConnectionError):
                while await self._from.read(_CHUNK):
                    pass
        await self._process.wait()

    async def _dead(self, kind: FailureKind, detail: str) -> ProviderError:
        self.kill()
        await self._gone()
        return ProviderError(self._stage, kind, f"{detail} (exit status {self._process.returncode})")
