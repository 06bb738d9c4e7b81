"""Small Go sources of our own: programs by the name of their build, and what trims put in."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def sources(name: str) -> dict[str, str]:
    """File names and texts of the Go sources called `name`; empty when there are none."""
    return {path.name: path.read_text() for path in sorted((FOLDER / name).glob("*.go"))}
