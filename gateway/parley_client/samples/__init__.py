"""Recordings of people that the embedded recogniser understands: something to say where there is no microphone.

All are WAV, 16 kHz, 16 bit, mono. Their origin and licence are in LICENSES.md beside them.
"""

from __future__ import annotations

from pathlib import Path

DEMO_QUESTION = "go-forward-ten-meters"
"""What a first conversation says when nothing else is given."""

_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The recordings there are; a name is what is said in it."""
    return sorted(file.stem for file in _FOLDER.glob("*.wav"))


def path(name: str) -> Path:
    """The file of a recording. Raises KeyError, with the names that there are."""
    file = _FOLDER / f"{name}.wav"
    if name not in names():
        raise KeyError(f"there is no sample {name!r}; there are {', '.join(names())}")
    return file
