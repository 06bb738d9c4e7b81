"""A folder in which rows wait until they have arrived: they outlive the process that wrote them.

Each process has a folder of its own below, held by a lock that ends with it. `live.json` in it is what is known of
the sessions that run; beside it is a queue for each destination, one file for each row. Who comes next takes over
what the dead have left: files are moved, and sessions that were still running become rows that say so.

Everything here blocks, and is to be called from one thread.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

MAX_BYTES = 256 * 1024 * 1024
"""Of one process's queues: some 200,000 rows without transcripts. What comes then is not kept."""
MAX_REFUSED = 1000
"""Files put aside; beyond them they are dropped."""

_LOCK = "lock"
_LIVE = "live.json"
_SUFFIX = ".json"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")


class OutboxFullError(Exception):
    """There is no room for more."""


class Queue:
    """What waits for one destination, in the order in which it came."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = folder
        found = sorted(folder.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime_ns)
        self._sizes = {path.stem: path.stat().st_size for path in found}

    def __len__(self) -> int:
        return len(self._sizes)

    def __contains__(self, name: str) -> bool:
        return name in self._sizes

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(self._sizes.values())

    def put(self, name: str, data: bytes) -> None:
        """On disk when this returns. Raises OSError."""
        write(self._path(name), data)
        self._sizes[name] = len(data)

    def take_over(self, path: Path) -> None:
        """A file of another process's queue."""
        size = path.stat().st_size
        path.rename(self._path(path.stem))
        self._sizes.setdefault(path.stem, size)

    def oldest(self, count: int) -> list[tuple[str, bytes]]:
        """At most so many. A file that somebody has removed is nobody's any more."""
        found = []
        for name in list(self._sizes)[:count]:
            try:
                found.append((name, self._path(name).read_bytes()))
            except FileNotFoundError:
                del self._sizes[name]
        return found

    def remove(self, names: Sequence[str]) -> None:
        """They have arrived."""
        for name in names:
            self._path(name).unlink(missing_ok=True)
            self._sizes.pop(name, None)

    def put_aside(self, name: str, folder: Path) -> None:
        """It will never arrive: keep it for somebody to look at."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if len(list(folder.iterdir())) < MAX_REFUSED:
            self._path(name).rename(folder / f"{self._folder.name}-{name}{_SUFFIX}")
            self._sizes.pop(name, None)
        else:
            self.remove([name])

    def _path(self, name: str) -> Path:
        if _NAME.fullmatch(name) is None:
            raise ValueError("not a name of a row")
        return self._folder / f"{name}{_SUFFIX}"


class Outbox:
    """One process's part of the folder."""

    def __init__(self, root: Path, destinations: Sequence[str], *, max_bytes: int = MAX_BYTES) -> None:
        """Raises OSError where the folder cannot be written."""
        self._root = root
        self._max_bytes = max_bytes
        self._refused = root / "refused"
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _only_one(root):
            self._own = root / f"process-{secrets.token_hex(8)}"
            self._own.mkdir(mode=0o700)
            self._lock = _locked(self._own / _LOCK)
        self.queues: Mapping[str, Queue] = {name: Queue(self._own / name) for name in destinations}

    def put(self, name: str, data: bytes) -> None:
        """For every destination; on disk when this returns. Raises OSError, OutboxFullError."""
        waiting = sum(queue.size for queue in self.queues.values())
        if waiting + len(data) * len(self.queues) > self._max_bytes:
            raise OutboxFullError
        for queue in self.queues.values():
            queue.put(name, data)

    def checkpoint(self, rows: Mapping[str, bytes]) -> None:
        """What is known of the sessions that run, in place of what was known before. Raises OSError."""
        lines = [name.encode() + b" " + row for name, row in rows.items()]
        write(self._own / _LIVE, b"\n".join(lines))

    def refuse(self, destination: str, name: str) -> None:
        """It will never arrive there."""
        self.queues[destination].put_aside(name, self._refused)

    def adopt(self) -> int:
        """Take over what dead processes have left; returns how many sessions were running when they died."""
        with _only_one(self._root):
            dead = [folder for folder in sorted(self._root.glob("process-*")) if folder != self._own]
            return sum(map(self._adopt, dead))

    def _adopt(self, folder: Path) -> int:
        try:
            lock = _locked(folder / _LOCK)
        except BlockingIOError:
            return 0
        try:
            interrupted = self._finalise(folder)
            for name, queue in self.queues.items():
                for path in (folder / name).glob(f"*{_SUFFIX}"):
                    queue.take_over(path)
            _remove_if_empty(folder)
            return interrupted
        finally:
            os.close(lock)

    def _finalise(self, folder: Path) -> int:
        """Sessions that had not ended become rows, but for those that ended after the last checkpoint."""
        live, count = folder / _LIVE, 0
        lines = live.read_bytes().splitlines() if live.exists() else []
        for line in lines:
            name, _, row = line.partition(b" ")
            if not any((folder / queue / f"{name.decode()}{_SUFFIX}").exists() for queue in self.queues):
                self.put(name.decode(), row)
                count += 1
        live.unlink(missing_ok=True)
        return count

    def close(self) -> None:
        """The end of the process: no session runs any more; what still waits is the next one's."""
        (self._own / _LIVE).unlink(missing_ok=True)
        _remove_if_empty(self._own)
        os.close(self._lock)


def write(path: Path, data: bytes) -> None:
    """All of it or nothing, and there for good when this returns."""
    temporary = path.with_suffix(".tmp")
    with open(temporary, "wb", opener=_private) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _locked(path: Path) -> int:
    """A descriptor that holds the lock until it is closed, or its process dies. Raises BlockingIOError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def _only_one(root: Path) -> Iterator[None]:
    """One process at a time comes, or looks for dead ones: a folder without its lock yet is not a dead one's."""
    descriptor = os.open(root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove_if_empty(folder: Path) -> None:
    """Queues of destinations that are not configured any more keep theirs."""
    for queue in folder.iterdir():
        if queue.is_dir():
            for leftover in queue.glob("*.tmp"):
                leftover.unlink()
            if not any(queue.iterdir()):
                queue.rmdir()
    (folder / f"{Path(_LIVE).stem}.tmp").unlink(missing_ok=True)
    if {path.name for path in folder.iterdir()} <= {_LOCK}:
        (folder / _LOCK).unlink(missing_ok=True)
        folder.rmdir()
