"""Storages for kopf that keep nothing.

kopf compares each event's object with the state it stored for its change handlers. There are none here, and
copying every object for that costs more than all else that kopf does with an event.
"""

from __future__ import annotations

from typing import Any

import kopf


class NoDiffBase(kopf.DiffBaseStorage):
    """No object was ever handled, and none has anything to compare."""

    def build(self, **_: Any) -> Any:
        """The same nothing for every object."""
        return {}

    def fetch(self, **_: Any) -> None:
        """Nothing was stored."""

    def store(self, **_: Any) -> None:
        """Nothing is stored."""


class NoProgress(kopf.ProgressStorage):
    """No handler ever has to go on where it was."""

    def fetch(self, **_: Any) -> None:
        """Nothing was stored."""

    def store(self, **_: Any) -> None:
        """Nothing is stored."""

    def purge(self, **_: Any) -> None:
        """There is nothing to remove."""

    def touch(self, **_: Any) -> None:
        """Objects are never touched."""

    def clear(self, *, essence: Any) -> Any:
        """There is nothing of ours in it."""
        return essence
