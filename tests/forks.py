"""Our programs as processes that begin at once: forked from one that has imported their packages already.

Importing what the operator stands on costs seconds of a core, and the tests start it some hundred times, `parley`
and the gateway nearly as often. A fork has its own memory, files, signals, arguments, environment and exit status.
All it shares with the next one is the seed of Python's hashes: where it matters that another process orders its
sets otherwise, a test starts the command itself.

`parley` imports a module only when a subcommand needs it, and the gateway a provider's only when it is configured.
These are not among what is imported before, so that a fork still shows that none is missing.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping
from multiprocessing import connection, reduction
from typing import Any

MAINS: dict[str, tuple[str, dict[str, str]]] = {
    "parley": ("parley_cli.main", {"prog_name": "parley"}),
    "parley-gateway": ("parley_gateway.__main__", {}),
    "parley-operator": ("parley_operator.__main__", {}),
}
"""The installed commands: the module of each with its function `main`, and what that is told."""
IMPORTED = ("parley_operator.__main__", "parley_gateway.__main__", "click", "anthropic", "openai")
"""The last two take longer than the whole gateway."""
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(list(IMPORTED))


class Fork:
    """`PROGRAM ARGUMENTS` with its outputs in these files; used like `subprocess.Popen`."""

    def __init__(
        self, program: str, *arguments: str, stdout: int, stderr: int, environment: Mapping[str, str]
    ) -> None:
        """`stdout`, `stderr`: descriptors, which remain the caller's to close."""
        self._polling = threading.Lock()
        asked = (program, arguments, _Descriptor(stdout), _Descriptor(stderr), dict(environment))
        self._process = _context.Process(target=_run, args=asked, daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """The exit status, negative where a signal ended it; None while it runs."""
        with self._polling:
            return self._process.exitcode

    def wait(self, seconds: float) -> int:
        """Until it ended; TimeoutError where it does not."""
        connection.wait([self._process.sentinel], seconds)
        if (status := self.poll()) is None:
            raise TimeoutError(f"process {self.pid} did not end within {seconds} s")
        return status

    async def ended(self) -> int:
        """Until it ended, while the loop goes on."""
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._process.sentinel, over.set)
        try:
            await over.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        status = self.poll()
        assert status is not None
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it ended in between
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Piped:
    """The same with its outputs to be read; used like `asyncio.subprocess.Process`."""

    def __init__(self, process: Fork, stdout: asyncio.StreamReader, stderr: asyncio.StreamReader) -> None:
        self._process, self.stdout, self.stderr = process, stdout, stderr

    @classmethod
    async def start(cls, program: str, *arguments: str, environment: Mapping[str, str]) -> Piped:
        """Start it. What it writes is to be read to the end, or its pipes fill up."""
        (out, to_out), (err, to_err) = os.pipe(), os.pipe()
        try:
            process = Fork(program, *arguments, stdout=to_out, stderr=to_err, environment=environment)
        finally:
            os.close(to_out)
            os.close(to_err)
        return cls(process, await _reader(out), await _reader(err))

    @property
    def returncode(self) -> int | None:
        """The exit status, negative where a signal ended it; None while it runs."""
        return self._process.poll()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send_signal(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()

    async def wait(self) -> int:
        """Until it ended."""
        return await self._process.ended()

    async def communicate(self) -> tuple[bytes, bytes]:
        """All that it writes until it ended."""
        out, err, _ = await asyncio.gather(self.stdout.read(), self.stderr.read(), self.wait())
        return out, err


class _Descriptor:
    """An open file that a fork gets as well."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (reduction.DupFd(self.number),)


def _received(sent: Any) -> _Descriptor:
    return _Descriptor(sent.detach())


async def _reader(descriptor: int) -> asyncio.StreamReader:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader, loop=loop), pipe)
    return reader


def _run(
    program: str, arguments: tuple[str, ...], out: _Descriptor, err: _Descriptor, environment: Mapping[str, str]
) -> None:
    """What the new process does."""
    for given, standard in ((out, sys.stdout), (err, sys.stderr)):
        os.dup2(given.number, standard.fileno())
    for number in {out.number, err.number}:
        os.close(number)
    # The server of forks, as whatever a shell has started in the background, ignores Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[:] = [program, *arguments]
    module, told = MAINS[program]
    sys.exit(importlib.import_module(module).main(**told))
