"""Pipecat, in an environment of its own: `python -m tests.bench --pipecat PATH` says which."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.contenders.contender import Mode, Providers, Server
from tests.bench.processes import free_port, program, wait_for

_PROGRAM = Path(__file__).with_name("pipecat_server.py")


class Pipecat:
    """Implements `Contender`."""

    name = "Pipecat 1.14.0"

    def __init__(self, python: Path) -> None:
        self._python = python

    @contextmanager
    def serve(self, mode: Mode, providers: Providers, *, core: int, folder: Path) -> Iterator[Server]:
        """Start it on that core, wait until it is ready, and end it afterwards."""
        port, log = free_port(), folder / "pipecat.log"
        ports = (port, providers.sockets_port, providers.http_port)
        # Without the program's folder on its path: this file has the name of what it imports.
        command = [str(self._python), "-P", str(_PROGRAM), *map(str, ports), mode]
        with program(command, core=core, log=log) as process:
            wait_for(f"http://127.0.0.1:{port}/ready", log=log)
            yield Server(process, port, f"ws://127.0.0.1:{port}/twilio")
