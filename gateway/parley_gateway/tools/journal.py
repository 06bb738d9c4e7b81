"""Which calls were made, by their keys: none is made twice, and what is in doubt is not repeated."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from parley_gateway.conversation.history import ToolStatus
from parley_gateway.tools.outcome import Outcome

_SESSIONS = 5000
_CALLS = 200
"""Of one session: more than an hour of talk has."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One call."""

    name: str
    digest: str
    """Of its arguments."""
    outcome: asyncio.Future[Outcome] = field(repr=False, compare=False)

    @property
    def in_doubt(self) -> bool:
        """Whether it is over, and nobody knows whether it was done."""
        return self.outcome.done() and self.outcome.result().status is ToolStatus.UNKNOWN


class Journal:
    """One process's, by session; the sessions longest unused are forgotten first."""

    def __init__(self, *, sessions: int = _SESSIONS, calls: int = _CALLS) -> None:
        self._limit = sessions
        self._calls = calls
        self._sessions: OrderedDict[str, OrderedDict[str, Entry]] = OrderedDict()

    def find(self, session: str, key: str) -> Entry | None:
        """The call with this key, if it was made."""
        return self._sessions.get(session, OrderedDict()).get(key)

    def has_doubt(self, session: str, name: str, digest: str) -> bool:
        """Whether the same function was called with the same arguments, and its outcome is not known."""
        entries = self._sessions.get(session, OrderedDict()).values()
        return any((entry.name, entry.digest) == (name, digest) and entry.in_doubt for entry in entries)

    def begin(self, session: str, key: str, *, name: str, digest: str) -> Entry:
        """A call is made."""
        entries = self._sessions.setdefault(session, OrderedDict())
        self._sessions.move_to_end(session)
        entries[key] = entry = Entry(name, digest, asyncio.get_running_loop().create_future())
        _trim(entries, self._calls)
        _trim(self._sessions, self._limit)
        return entry


def _trim(entries: OrderedDict[str, Entry] | OrderedDict[str, OrderedDict[str, Entry]], limit: int) -> None:
    while len(entries) > limit:
        entries.popitem(last=False)
