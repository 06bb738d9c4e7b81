"""What is asked of a contender: to serve telephone calls with given providers."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from tests.bench.processes import Process


class Mode(StrEnum):
    """Which providers; the model is Claude's in all."""

    FLUX = "flux"
    """Deepgram Flux, which knows the ends of turns, and Cartesia."""
    VAD = "vad"
    """Deepgram v1, with Silero's voice activity and a semantic end of turn on this machine, and Cartesia."""
    OPENAI = "openai"
    """Flux, and OpenAI's speech."""


@dataclass(frozen=True, slots=True)
class Providers:
    """Where they listen."""

    sockets_port: int
    http_port: int


@dataclass(frozen=True, slots=True)
class Server:
    """A contender that takes calls."""

    process: Process
    port: int
    twilio: str
    """The URL of its media streams."""


class Contender(Protocol):
    """One program."""

    @property
    def name(self) -> str:
        """For the table."""
        ...

    def serve(
        self, mode: Mode, providers: Providers, *, core: int, folder: Path
    ) -> AbstractContextManager[Server]:
        """Start it on that core, wait until it is ready, and end it afterwards."""
        ...
