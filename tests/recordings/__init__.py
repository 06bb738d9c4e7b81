"""Recordings of people, by what they say. Origin and licences: LICENSES.md."""

from __future__ import annotations

import wave
from pathlib import Path

from parley_client import samples

RATE = 16_000

IN_VOCABULARY = {
    "go-forward-ten-meters": "go forward ten meters",
    "go-somewhere-and-do-something": "go somewhere and do something",
    "three-cards": "eight of spades four of clubs seven of hearts",
    "numbers": "thirty three four six ninety two",
    "ten-of-clubs": "ten of clubs",
    "seven-of-clubs": "seven of clubs",
    "five-five": "five five",
}
"""What the embedded recogniser makes of them."""

OUT_OF_VOCABULARY = (
    "other/not-an-ill-disposed-young-man",
    "other/rather-cold-hearted",
    "other/made-amiable-himself",
)

_FOLDER = Path(__file__).parent


def recording(name: str) -> bytes:
    """Its samples: s16le mono at 16 kHz."""
    file = samples.path(name) if name in samples.names() else _FOLDER / f"{name}.wav"
    with wave.open(str(file)) as source:
        if (source.getframerate(), source.getnchannels(), source.getsampwidth()) != (RATE, 1, 2):
            raise ValueError(f"{file.name} is not 16 kHz, 16 bit, mono")
        return bytes(source.readframes(source.getnframes()))
