"""Small Go sources of our own: programs by the name of their build, and what trims put in."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def sources(name: str) -> dict[str, str]:
    """Relative paths and texts of the Go sources called `name`; empty when there are none."""
    folder = FOLDER / name
    return {path.relative_to(folder).as_posix(): path.read_text() for path in sorted(folder.rglob("*.go"))}
