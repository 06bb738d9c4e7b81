"""One node for all processes of a test run: the first makes it, the last takes it away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.cluster.turns import is_held, lock


class Node(Protocol):
    """What is asked of it here."""

    @property
    def is_up(self) -> bool:
        """Whether it is there already."""

    def down(self) -> None:
        """Take it away."""


@dataclass(frozen=True)
class SharedNode:
    """The node of a run; `folder` is the run's, and holds what its processes tell each other.

    A node that was up before the run is used and left up. Whoever uses it holds a lock for as long, which the
    kernel frees when a process dies: so the last one is known whatever happens to the others.
    """

    node: Node
    folder: Path

    @contextmanager
    def used(self, make: Callable[[], None]) -> Iterator[None]:
        """For as long as the block lasts it is there; `make` is called by whoever comes first."""
        with ExitStack() as using:
            with lock(self._door):
                self._have(make)
                using.enter_context(lock(self._users, shared=True))
            try:
                yield
            finally:
                with lock(self._door):
                    using.close()
                    self._leave()

    def clear(self) -> None:
        """Take away what processes that died have left."""
        with lock(self._door):
            self._leave()

    def _leave(self) -> None:
        """Take it away if nobody uses it any more, and if it is the run's own."""
        if self._ours.exists() and not is_held(self._users):
            self._take_away()

    def _have(self, make: Callable[[], None]) -> None:
        if self._made.exists():
            return
        if not self.node.is_up:
            self._ours.touch()  # before it is made, which may be cut short
        try:
            make()
        except BaseException:
            self._leave()
            raise
        self._made.touch()

    def _take_away(self) -> None:
        self.node.down()
        self._made.unlink(missing_ok=True)
        self._ours.unlink()

    @property
    def _door(self) -> Path:
        """The lock of whoever comes or leaves: one at a time."""
        return self.folder / "door"

    @property
    def _users(self) -> Path:
        return self.folder / "users"

    @property
    def _made(self) -> Path:
        return self.folder / "made"

    @property
    def _ours(self) -> Path:
        return self.folder / "ours"
