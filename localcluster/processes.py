"""The processes of one cluster: started in sessions of their own, recorded, ended by identity.

A process is known by its pid and its start time, so that a reused pid is never mistaken for it.
Each also carries the cluster's mark in its environment: what a crash left unrecorded is found.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from localcluster.debian import search_path
from localcluster.kubeconfig import write_private
from localcluster.paths import StatePaths

MARK = "LOCALCLUSTER_STATE"
PROC = Path("/proc")
GRACE_SECONDS = 10.0
INHERITED = ("HOME", "LANG", "TMPDIR", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY")
"""What parts get of the user's environment; the rest may hold keys that are none of their business."""
DIRECT = "127.0.0.1,localhost,10.0.0.0/8,.svc,.cluster.local"
"""What parts reach without the user's proxy: each other, pods and services."""


@dataclass(frozen=True)
class Program:
    """A command to run under a part's name, with additions to the environment."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Identity:
    """One process for all time: its pid, and its start in clock ticks since boot."""

    pid: int
    started: int

    def is_alive(self) -> bool:
        """Whether this very process runs; one that has ended but was not waited for does not."""
        found = read_stat(self.pid)
        return found is not None and found.started == self.started and found.state not in "ZX"


@dataclass(frozen=True)
class Stat:
    """What /proc/PID/stat says that matters here."""

    state: str
    group: int
    started: int


def read_stat(pid: int) -> Stat | None:
    """State and start time of a process; None when there is none."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold spaces
    return Stat(state=fields[0], group=int(fields[2]), started=int(fields[19]))


def read_children(pid: int) -> list[int]:
    """The children of a process; none when it is gone."""
    try:
        return [int(child) for child in (PROC / f"{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def part_environment() -> dict[str, str]:
    """The environment that every part starts with."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return inherited | {"PATH": search_path(), "NO_PROXY": DIRECT}


class Processes:
    """Starts and ends the programs of the cluster whose state lies in `paths`."""

    def __init__(self, paths: StatePaths) -> None:
        self._paths = paths
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def log(self, name: str) -> Path:
        """Where a part's output goes."""
        return self._paths.logs / f"{name}.log"

    def start(self, program: Program, *, enter: tuple[str, ...] = ()) -> Identity:
        """Run a program, output to its log; `enter` is what puts it into a namespace."""
        with self.log(program.name).open("ab") as log:
            child = subprocess.Popen(
                [*enter, *program.argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=part_environment() | {**program.environment, MARK: str(self._paths.root)},
            )
        self._children[program.name] = child
        stat = read_stat(child.pid)
        identity = Identity(child.pid, stat.started if stat else 0)
        self._record(program.name, identity)
        return identity

    def find(self, name: str) -> Identity | None:
        """The recorded process of a part if it runs."""
        try:
            record = json.loads(self._pid_file(name).read_text())
        except (OSError, ValueError):
            return None
        identity = Identity(int(record["pid"]), int(record["started"]))
        return identity if identity.is_alive() else None

    def is_running(self, name: str) -> bool:
        """Whether the recorded process of a part is alive."""
        return self.find(name) is not None

    def signal(self, name: str, number: signal.Signals) -> bool:
        """Send a signal to a part's whole process group; False when it does not run."""
        identity = self.find(name)
        if identity is None:
            return False
        os.killpg(identity.pid, number)
        return True

    def stop(self, name: str, *, grace: float = GRACE_SECONDS) -> None:
        """Ask a part to end, insist after `grace` seconds, and forget it."""
        identity = self.find(name)
        if identity is not None:
            self.signal(name, signal.SIGTERM)
            self.signal(name, signal.SIGCONT)  # a paused process cannot answer
            wait_for_end(identity, seconds=grace)
        self.kill(name)

    def kill(self, name: str) -> None:
        """End a part at once, as a crash would."""
        identity = self.find(name)
        members = group_members(identity.pid) if identity else []
        self.signal(name, signal.SIGKILL)
        for member in members:  # all of them: a child may hold a port for longer than its parent lives
            wait_for_end(member, seconds=GRACE_SECONDS)
        self._forget(name)

    def kill_marked(self) -> None:
        """End every process that carries this cluster's mark, recorded or not."""
        found = [identity for identity in marked(self._paths.root) if identity.is_alive()]
        for identity in found:  # all before any is waited for: one may not end before another
            with contextlib.suppress(ProcessLookupError):
                os.kill(identity.pid, signal.SIGKILL)
        for identity in found:
            wait_for_end(identity, seconds=GRACE_SECONDS)

    def _forget(self, name: str) -> None:
        child = self._children.pop(name, None)
        if child is not None:
            child.wait(timeout=GRACE_SECONDS)
        self._pid_file(name).unlink(missing_ok=True)

    def _record(self, name: str, identity: Identity) -> None:
        record = {"pid": identity.pid, "started": identity.started}
        write_private(self._pid_file(name), json.dumps(record))

    def _pid_file(self, name: str) -> Path:
        return self._paths.pids / f"{name}.json"


def wait_for_end(identity: Identity, *, seconds: float) -> bool:
    """Wait until a process has ended with all its threads, at most so long; True when it has.

    The kernel calls a process a zombie while its other threads still hold ports and files, so
    that only the descriptor says when it is over.
    """
    try:
        descriptor = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return True
    try:
        stat = read_stat(identity.pid)
        if stat is None or stat.started != identity.started:
            return True
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def marked(root: Path) -> list[Identity]:
    """Every process whose environment names the state folder `root`."""
    wanted = f"{MARK}={root}".encode()
    return [Identity(pid, stat.started) for pid, stat in _all_processes() if wanted in _environment(pid)]


def group_members(group: int) -> list[Identity]:
    """Every process of a process group."""
    return [Identity(pid, stat.started) for pid, stat in _all_processes() if stat.group == group]


def _all_processes() -> Iterator[tuple[int, Stat]]:
    for entry in PROC.iterdir():
        stat = read_stat(int(entry.name)) if entry.name.isdigit() else None
        if stat is not None:
            yield int(entry.name), stat


def _environment(pid: int) -> list[bytes]:
    """The environment as `NAME=value` items; empty for a process that is gone or not ours."""
    try:
        return (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []
