"""The edge to what all pods share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol


class AwayError(Exception):
    """What is shared cannot be reached now. It says so at once, and within a bounded time when it finds out."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A session that counts against its user's cap."""

    user: str
    """A digest of the user's name: fit for a key, and telling nobody who it is."""
    session: str


@dataclass(frozen=True, slots=True)
class Purse:
    """Whose money: `deployment`, or a user's digest, on one day in UTC."""

    name: str
    day: date


@dataclass(frozen=True, slots=True)
class Posting:
    """Spending on its way to the others. It may be sent again: its number is taken once from each process."""

    purse: Purse
    number: int
    micros: int
    """Millionths of a dollar."""


@dataclass(frozen=True, slots=True)
class Entered:
    """The answer to somebody who wants to come in."""

    seated: bool
    """False: the user's seats are taken."""
    spent: Mapping[Purse, int]
    """Micros that all pods have spent."""


class Shared(Protocol):
    """All methods are bounded in time and raise AwayError."""

    async def enter(self, seat: Seat | None, *, cap: int, purses: Sequence[Purse]) -> Entered:
        """Take a seat if fewer than `cap` are taken, and learn what was spent."""
        ...

    async def leave(self, seats: Sequence[Seat]) -> None:
        """Give seats back; those that are not taken do not matter."""
        ...

    async def renew(self, seats: Sequence[Seat], *, retake: bool) -> bool:
        """Hold seats for another lease; `retake` takes those that are lost. Returns whether none was."""
        ...

    async def post(self, postings: Sequence[Posting]) -> Mapping[Purse, int]:
        """Add up spending; returns what all pods have spent then."""
        ...

    async def look(self, purses: Sequence[Purse]) -> Mapping[Purse, int]:
        """What all pods have spent."""
        ...

    async def first(self, name: str, *, until: float) -> bool:
        """Whether nobody has asked for this name before; it is remembered until then (wall-clock seconds)."""
        ...

    def health(self) -> dict[str, Any]:
        """For people: whether it can be reached."""
        ...

    async def aclose(self) -> None:
        """Let go of all connections."""
        ...
