"""What the emulators were asked, for assertions. Keys appear as fingerprints only."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Outcome = Literal["open", "completed", "refused", "faulted", "client_gone"]


def fingerprint(key: str) -> str:
    """Tells keys apart without showing them."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]


@dataclass
class Entry:
    """One request, as it was asked and as it went."""

    route: str
    method: str
    query: dict[str, list[str]] = field(default_factory=dict)
    key: str | None = None
    """Fingerprint of the API key."""
    connection: int = 0
    """Number of the TCP connection, to see which requests shared one."""
    body: Any = None
    sent: int = 0
    """Events, chunks or messages sent to the client."""
    messages: list[str] = field(default_factory=list)
    """Types of the control messages that came over a WebSocket."""
    audio_bytes: int = 0
    audio_messages: int = 0
    outcome: Outcome = "open"

    def as_json(self) -> dict[str, Any]:
        """For the control interface."""
        return asdict(self)


class Journal:
    """All requests in the order of their arrival."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._wakers: list[asyncio.Future[None]] = []

    def of(self, route: str) -> list[Entry]:
        """The requests for one path."""
        return [entry for entry in self.entries if entry.route == route]

    def add(self, entry: Entry) -> None:
        """A request has come."""
        self.entries.append(entry)
        self.changed()

    def changed(self) -> None:
        """Something about an entry is new: wakes whoever waits for it."""
        self._wakers = [waker for waker in self._wakers if not waker.done()]
        for waker in self._wakers:
            waker.set_result(None)

    async def until(self, condition: Callable[[Journal], bool], *, within_s: float = 10.0) -> None:
        """Returns when the condition holds. Raises TimeoutError with what there is instead."""
        try:
            async with asyncio.timeout(within_s):
                while not condition(self):
                    waker = asyncio.get_running_loop().create_future()
                    self._wakers.append(waker)
                    await waker
        except TimeoutError:
            raise TimeoutError(f"not so within {within_s:g} s: {self.entries}") from None

    def clear(self) -> None:
        """Forget all entries."""
        self.entries.clear()
