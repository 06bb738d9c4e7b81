"""Which secrets have been used: each one opens one session."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Protocol

from parley_contract.codes import CloseCode, ErrorCode
from parley_gateway.protocols.admission import RefusedError

_MOST = 100_000
"""Secrets of one lifetime; every one was minted by an API key, so that nobody else can fill this."""


class Uses(Protocol):
    """Remembers uses for as long as a secret could be used again."""

    async def first(self, identifier: str, *, until: float) -> bool:
        """Whether this is the first use; it is remembered until then (wall-clock seconds). Raises RefusedError."""
        ...


class LocalUses:
    """This process's own memory: a secret could be used once in each."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` tells wall-clock seconds."""
        self._clock = clock
        self._known: set[str] = set()
        self._expiring: list[tuple[float, str]] = []

    async def first(self, identifier: str, *, until: float) -> bool:
        """As `Uses.first`."""
        self._forget_expired()
        if identifier in self._known:
            return False
        if len(self._known) >= _MOST:
            raise RefusedError(
                close_code=CloseCode.POD_CAP,
                code=ErrorCode.POD_CAP,
                message="too many client secrets are in use; connect again in a while",
            )
        self._known.add(identifier)
        heapq.heappush(self._expiring, (until, identifier))
        return True

    def _forget_expired(self) -> None:
        now = self._clock()
        while self._expiring and self._expiring[0][0] < now:
            self._known.discard(heapq.heappop(self._expiring)[1])
