"""What a small JSON file says of the recording beside it: whose it is, and whether it is whole. No word of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class End(StrEnum):
    """Why nothing more was recorded."""

    SESSION = "session"
    """The session was over: all of it is there."""
    DURATION = "duration"
    """It was as long as a recording may be."""
    NO_ROOM = "no_room"
    """The folder, or its disk, has no room left."""
    DISK = "disk"
    """The disk refused to write."""
    SLOW = "slow"
    """The disk did not keep up."""
    INTERRUPTED = "interrupted"
    """The process was killed."""


@dataclass(frozen=True, slots=True)
class About:
    """One recording."""

    session: str
    namespace: str
    deployment: str
    tenant: str
    user: str | None
    started_at: datetime
    rate: int
    """Hz of the file."""

    @property
    def day(self) -> str:
        """In UTC; the folder that it is in."""
        return self.started_at.astimezone(UTC).date().isoformat()

    def content(self) -> dict[str, Any]:
        """While it is being recorded."""
        return {
            "session": self.session,
            "namespace": self.namespace,
            "deployment": self.deployment,
            "tenant": self.tenant,
            "user": self.user,
            "startedAt": self.started_at.astimezone(UTC).isoformat(timespec="milliseconds"),
            "audio": f"{self.session}.wav",
            "format": {"encoding": "pcm_s16le", "sampleRate": self.rate, "channels": ["caller", "agent"]},
        }


def finished(content: dict[str, Any], *, seconds: float, end: End) -> dict[str, Any]:
    """The same once nothing more follows."""
    return {**content, "seconds": round(seconds, 3), "end": end.value, "complete": end is End.SESSION}


def as_json(content: dict[str, Any]) -> str:
    """As it stands in the file."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
