"""The `parley` command as a process of its own, in one namespace: it must not block the watches of a test."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = "from parley_cli.main import main; main(prog_name='parley')"


def _as_in_a_terminal() -> None:
    """A shell has what it starts in the background ignore Ctrl-C, and so would the children of this test run."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    status: int
    out: str
    err: str

    @property
    def content(self) -> Any:
        return json.loads(self.out)


class Parley:
    """The command with one kubeconfig."""

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        self._kubeconfig, self._namespace = str(kubeconfig), namespace

    async def __call__(self, command: str, *arguments: str, kubeconfig: str | None = None) -> Said:
        environment = {**os.environ, "KUBECONFIG": kubeconfig or self._kubeconfig}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, command, "-n", self._namespace, *arguments,
            env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), 60)
        return Said(process.returncode or 0, out.decode(), err.decode())

    @asynccontextmanager
    async def started(self, command: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """The command while it runs."""
        environment = {**os.environ, "KUBECONFIG": self._kubeconfig, "PYTHONUNBUFFERED": "1"}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, command, "-n", self._namespace, *arguments,
            env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            preexec_fn=_as_in_a_terminal,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def offered(self, *words: str) -> list[str]:
        """What bash is told to complete the last word with."""
        environment = {
            **os.environ,
            "KUBECONFIG": self._kubeconfig,
            "_PARLEY_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(("parley", *words)),
            "COMP_CWORD": str(len(words)),
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, env=environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert err == b""
        return [text.partition(",")[2] for text in out.decode().splitlines() if text]
