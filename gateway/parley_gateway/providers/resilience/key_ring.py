"""Which of a provider's keys the next request takes: those that work share the load, each within its limits."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from math import inf

from parley_gateway.providers.resilience.rate_window import RateWindow

ASIDE_S = 30.0
"""How long a refused key is left alone at first; each further refusal doubles it."""
LONGEST_ASIDE_S = 900.0


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """What one key may be used for at a time; None leaves it to the provider to say so."""

    requests_per_minute: int | None = None
    concurrent_requests: int | None = None


UNLIMITED = KeyLimits()


@dataclass(frozen=True, slots=True)
class Turn:
    """One request's use of a key."""

    key: int
    began: float


@dataclass(slots=True)
class _Slot:
    window: RateWindow
    in_flight: int = 0
    last_used: float = -inf
    resting_until: float = -inf
    refusals: int = 0
    refused_at: float = -inf
    aside_until: float = -inf

    def is_aside(self, now: float) -> bool:
        return now < self.aside_until


@dataclass(slots=True)
class KeyRing:
    """The keys of one provider, by number. It knows no clock: times are seconds, and never go back.

    A refused key is set aside for a while. Then it is on trial: one request at a time, until one is accepted.
    """

    count: int
    limits: KeyLimits = UNLIMITED
    _slots: list[_Slot] = field(init=False)

    def __post_init__(self) -> None:
        self._slots = [_Slot(RateWindow(self.limits.requests_per_minute)) for _ in range(self.count)]

    # --- asking ---

    def choose(self, now: float) -> int | None:
        """The key for a request that begins now; None where it has to wait.

        Those set aside are taken only where there is no other: a refusal is an answer, too, and may have ended.
        """
        free = [number for number in self._candidates(now) if self._wait(self._slots[number], now) <= 0]
        return min(free, key=lambda number: self._load(number, now), default=None)

    def wait(self, now: float, *, ahead: int = 0) -> float:
        """Seconds until a request with so many `ahead` of it can begin, as far as time alone decides it.

        Infinite where a request that is under way must end first, or where it is not known yet.
        """
        openings = heapq.merge(*(self._openings(self._slots[number], now) for number in self._candidates(now)))
        return max(0.0, next(islice(openings, ahead, None), inf) - now)

    def aside(self, now: float) -> int:
        """How many are set aside."""
        return sum(slot.is_aside(now) for slot in self._slots)

    def is_aside(self, key: int, now: float) -> bool:
        """Whether this one is."""
        return self._slots[key].is_aside(now)

    def refused(self) -> list[int]:
        """The keys that were refused and not accepted since."""
        return [number for number, slot in enumerate(self._slots) if slot.refusals]

    # --- telling ---

    def take(self, key: int, now: float) -> Turn:
        """A request begins with this key."""
        slot = self._slots[key]
        slot.window.take(now)
        slot.in_flight += 1
        slot.last_used = now
        return Turn(key, now)

    def release(self, turn: Turn) -> None:
        """It is over, however it went."""
        self._slots[turn.key].in_flight -= 1

    def accepted(self, turn: Turn) -> None:
        """The provider took the key; of no meaning where it was refused since that request began."""
        slot = self._slots[turn.key]
        if turn.began >= slot.refused_at:
            self.readmit(turn.key)

    def refuse(self, key: int, now: float) -> bool:
        """The provider does not accept the key. Returns whether this is news."""
        slot = self._slots[key]
        if slot.is_aside(now):
            return False
        slot.refused_at = now
        slot.aside_until = now + min(ASIDE_S * 2**slot.refusals, LONGEST_ASIDE_S)
        slot.refusals = min(slot.refusals + 1, 16)
        return True

    def readmit(self, key: int) -> None:
        """The key is as good as any, perhaps since it is another one now."""
        slot = self._slots[key]
        slot.refusals = 0
        slot.aside_until = -inf

    def rest(self, key: int, until: float) -> None:
        """The provider asks not to be asked with this key before then."""
        slot = self._slots[key]
        slot.resting_until = max(slot.resting_until, until)

    # --- parts ---

    def _candidates(self, now: float) -> list[int]:
        accepted = [number for number, slot in enumerate(self._slots) if not slot.is_aside(now)]
        return accepted or list(range(self.count))

    def _wait(self, slot: _Slot, now: float) -> float:
        return max(0.0, next(self._openings(slot, now)) - now)

    def _openings(self, slot: _Slot, now: float) -> Iterator[float]:
        """When this key could take requests, one after the other."""
        room = inf if self.limits.concurrent_requests is None else self.limits.concurrent_requests
        if slot.refusals and not slot.is_aside(now):
            room = 1
        number = slot.in_flight
        for opening in slot.window.openings(now):
            if number >= room:
                break
            yield max(opening, slot.resting_until)
            number += 1
        yield inf

    def _load(self, number: int, now: float) -> tuple[bool, float, int, float]:
        """Sorts: those that are trusted first, then the least busy, then the longest unused."""
        slot = self._slots[number]
        return slot.is_aside(now), slot.aside_until if slot.is_aside(now) else 0.0, slot.in_flight, slot.last_used
