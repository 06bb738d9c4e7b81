"""Server-sent events."""

from __future__ import annotations

import json
import re

HEADERS = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}


def event(data: object, name: str | None = None) -> bytes:
    """One event with JSON in it."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def deltas(text: str) -> list[str]:
    """A text in the small pieces that models write: words with the space before them."""
    return re.findall(r"\s*\S+\s*$|\s*\S+", text)
