"""A server's process on a port of its own: started until it answers, stopped gently, killed, or held still."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from localcluster.debian import require_commands
from localcluster.errors import ClusterError
from localcluster.paths import cache_dir
from localcluster.progress import Progress

HOST = "127.0.0.1"
_DEADLINE_S = 60.0
_PORTS = range(20_000, 32_000)
"""Below those that the system hands out: a stopped server finds its port free again."""


def install(commands: dict[str, str]) -> None:
    """Make sure of commands: root on Debian gets them installed, others a failure that says what to do."""
    cache = cache_dir()
    cache.mkdir(parents=True, exist_ok=True)
    try:
        require_commands(commands, cache=cache, progress=Progress())
    except ClusterError as error:
        raise AssertionError(error.report()) from error


def free_port() -> int:
    """One that nobody listens on."""
    while True:
        port = random.choice(_PORTS)
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) != 0:
                return port


class ServerProcess:
    """One server; `answers` is asked until it says yes."""

    def __init__(
        self, command: Sequence[str], *, log: Path, answers: Callable[[], bool], user: str | None = None
    ) -> None:
        self._command = command
        self._log = log
        self._answers = answers
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, or start it again; it answers when this returns."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                user=self._user,
                group=self._user,
                cwd="/",
                env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            )
        until = time.monotonic() + _DEADLINE_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise AssertionError(f"{self._command[0]} did not start:\n{self._log.read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """As an administrator would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """As the kernel would, with no chance to tidy up."""
        self._end(signal.SIGKILL)

    def hold(self) -> None:
        """Answer nobody, and refuse nobody."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """After `hold`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)
        process.wait(_DEADLINE_S)
