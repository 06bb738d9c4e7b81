"""The `parley` command as a process of its own, in one namespace: it must not block the watches of a test.

Forked (tests/forks.py): what it does is the same, only its start costs no second. tests/unit/cli and tests/cluster
start the installed command itself.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.forks import Piped


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
        self._kubeconfig, self._place = str(kubeconfig), ("-n", namespace)

    async def __call__(self, command: str, *arguments: str, kubeconfig: str | None = None) -> Said:
        return await self.line(command, *self._place, *arguments, kubeconfig=kubeconfig)

    async def line(self, *words: str, kubeconfig: str | None = None) -> Said:
        """The command with these words alone."""
        environment = {**os.environ, "KUBECONFIG": kubeconfig or self._kubeconfig}
        process = await Piped.start("parley", *words, environment=environment)
        out, err = await asyncio.wait_for(process.communicate(), 60)
        return Said(process.returncode or 0, out.decode(), err.decode())

    @asynccontextmanager
    async def started(self, command: str, *arguments: str) -> AsyncIterator[Piped]:
        """The command while it runs."""
        environment = {**os.environ, "KUBECONFIG": self._kubeconfig}
        process = await Piped.start("parley", command, *self._place, *arguments, environment=environment)
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
        process = await Piped.start("parley", environment=environment)
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert err == b""
        return [text.partition(",")[2] for text in out.decode().splitlines() if text]
