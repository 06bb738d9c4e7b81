"""Programs under measurement: started on one core, and what they took of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_START_S = 60.0


@dataclass(frozen=True, slots=True)
class Process:
    """A running program."""

    pid: int

    @property
    def cpu_s(self) -> float:
        """CPU time it has used so far, in user and kernel mode."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S

    @property
    def rss_mb(self) -> float:
        """Memory in use. What it shares counts in full, since the load shares more with one of the two."""
        return self._kb("smaps_rollup", "Rss") / 1024

    @property
    def pss_mb(self) -> float:
        """Memory in use. What it shares counts by its share."""
        return self._kb("smaps_rollup", "Pss") / 1024

    @property
    def peak_rss_mb(self) -> float:
        """The most memory that it ever had in use."""
        return self._kb("status", "VmHWM") / 1024

    def _kb(self, file: str, name: str) -> int:
        lines = Path(f"/proc/{self.pid}/{file}").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def this_process() -> Process:
    """The load itself."""
    return Process(os.getpid())


@contextmanager
def program(command: Sequence[str], *, core: int, log: Path) -> Iterator[Process]:
    """A program pinned to a core, its output in `log`; ended with SIGTERM, then SIGKILL."""
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        ) as started,
    ):
        try:
            yield Process(started.pid)
        finally:
            started.send_signal(signal.SIGTERM)
            try:
                started.wait(5)
            except subprocess.TimeoutExpired:
                started.kill()


def wait_for(url: str, *, log: Path) -> None:
    """Returns when `url` answers 200. Raises TimeoutError with what the program said."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise TimeoutError(f"{url} did not answer within {_START_S:.0f} s:\n{log.read_text()[-2000:]}")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
