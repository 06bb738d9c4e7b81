"""The agent's text, as it is now: an edit reaches the next session without a restart."""

from __future__ import annotations

import logging

from pydantic import ValidationError

from parley_contract.agent import AgentConfig, AgentText
from parley_gateway.files import WatchedFile

logger = logging.getLogger(__name__)


class AgentTextError(ValueError):
    """The agent's files cannot be used; says which one and why, not what is in it."""


class AgentSource:
    """Reads the agent's text for each new session, and keeps the last good one."""

    def __init__(self, config: AgentConfig) -> None:
        """Read it for the first time. Raises AgentTextError."""
        self._file = WatchedFile(config.file)
        self._instructions = WatchedFile(config.instructions_file) if config.instructions_file else None
        self._last = self._read()

    def current(self) -> AgentText:
        """What a session that begins now is told."""
        try:
            self._last = self._read()
        except AgentTextError as error:
            logger.error("agent text cannot be read; the one before stays", extra={"problem": str(error)})  # noqa: TRY400 - the traceback would say no more
        return self._last

    def _read(self) -> AgentText:
        try:
            text = AgentText.model_validate_json(self._file.text())
            if self._instructions:
                text = text.model_copy(update={"instructions": self._instructions.text().strip()})
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False, include_context=False)
            where = "; ".join(f"{'.'.join(map(str, p['loc'])) or 'file'}: {p['msg']}" for p in problems)
            raise AgentTextError(f"{self._file.path}: {where}") from None
        except (OSError, ValueError) as error:
            raise AgentTextError(f"the agent's text cannot be read: {error}") from error
        return text
