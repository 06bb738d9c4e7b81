"""How many a server holds: steps up or down from a first guess, until one fails and the one below does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Most:
    """What was found."""

    sessions: int
    """The most that were held; 0 if not even the fewest that were tried."""
    bounded: bool
    """Whether more were tried, and not held. Otherwise it may be more."""


async def most(holds: Callable[[int], Awaitable[bool]], *, start: int, step: int, tries: int) -> Most:
    """At most so many tries."""
    best, failed, sessions = 0, 0, start
    for _ in range(tries):
        if await holds(sessions):
            best, sessions = sessions, sessions + step
        else:
            failed, sessions = sessions, sessions - step
        if failed and (best or sessions <= 0):
            break
    return Most(best, bounded=bool(failed))
