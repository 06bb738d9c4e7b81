"""Our programs as processes that begin at once: forked from one that has imported them already.

Importing the operator costs seconds of a core, and the tests start it some hundred times. A fork has its own
memory, files, signals, arguments, environment and exit status. All it shares with the next one is the seed of
Python's hashes: where it matters that another process orders its sets otherwise, a test starts the command itself.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping
from multiprocessing import connection
from pathlib import Path

PROGRAMS = ("parley_operator",)
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([f"{program}.__main__" for program in PROGRAMS])


class Fork:
    """`python -m PROGRAM ARGUMENTS`, both its outputs appended to a file; used like `subprocess.Popen`."""

    def __init__(self, program: str, *arguments: str, output: Path, environment: Mapping[str, str]) -> None:
        self._polling = threading.Lock()
        asked = (program, arguments, output, dict(environment))
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

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it ended in between
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _run(program: str, arguments: tuple[str, ...], output: Path, environment: Mapping[str, str]) -> None:
    """What the new process does."""
    opened = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for standard in (sys.stdout, sys.stderr):
        os.dup2(opened, standard.fileno())
    os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = arguments
    sys.exit(importlib.import_module(f"{program}.__main__").main(arguments))
