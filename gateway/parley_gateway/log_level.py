"""The log level while the process runs: it follows the agent's file, which changes without a restart."""

from __future__ import annotations

import asyncio
import logging

from parley_contract.agent import AgentConfig, AgentText
from parley_contract.base import LogLevel
from parley_gateway import logs
from parley_gateway.files import WatchedFile

logger = logging.getLogger(__name__)

LOOK_S = 5.0
"""Between two looks at the file: its mount follows the ConfigMap within a minute or so."""


class LogLevelSwitch:
    """One process's."""

    def __init__(self, agent: AgentConfig, *, otherwise: LogLevel) -> None:
        """Takes the level that the file says now; `otherwise` where it says none."""
        self._file = WatchedFile(agent.file)
        self._otherwise = otherwise
        self._level = otherwise
        self._seen = ""
        self._take()

    async def run(self) -> None:
        """Follow the file until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            if self._take():
                logger.warning("log level changed", extra={"to": self._level})

    def _take(self) -> bool:
        """Whether the level changed. A file that cannot be used changes nothing: new sessions tell of it."""
        try:
            if (text := self._file.text()) == self._seen:
                return False
            self._seen = text
            level = AgentText.model_validate_json(text).log_level or self._otherwise
        except (OSError, ValueError):
            return False
        if level == self._level:
            return False
        self._level = level
        logs.set_level(level)
        return True
