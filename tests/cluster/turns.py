"""Turns at the node: any number of tests at a time, or one that disturbs it for the others."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

WAIT_SECONDS = 2400.0
"""A deadline for one turn: whoever has the node may make it first, and each test before is ended by its own."""
LOOK_AGAIN = 0.05


@dataclass(frozen=True)
class Turns:
    """Takes turns by locks on files of a folder, which the kernel frees when their holder dies.

    Who wants the node alone holds the gate from when it begins to wait: whoever comes later waits behind it.
    """

    folder: Path

    @contextmanager
    def among_others(self) -> Iterator[None]:
        """A turn beside others of this kind."""
        with ExitStack() as held:
            with lock(self.folder / "gate"):
                held.enter_context(lock(self.folder / "node", shared=True))
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """A turn beside nobody."""
        with lock(self.folder / "gate", shared=True), lock(self.folder / "node"):
            yield


@contextmanager
def lock(path: Path, *, shared: bool = False, within: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the file's lock, or fail after so many seconds."""
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    until = time.monotonic() + within
    with path.open("a") as file:
        while not _taken(file.fileno(), kind):
            assert time.monotonic() < until, f"{path} was not free within {within:.0f} s"
            time.sleep(LOOK_AGAIN)
        yield


def is_held(path: Path) -> bool:
    """Whether anybody holds the file's lock."""
    with path.open("a") as file:
        return not _taken(file.fileno(), fcntl.LOCK_EX)


def _taken(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
