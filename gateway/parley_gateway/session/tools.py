"""The session's calls of tools: tasks that outlive the replies that asked for them, and end with the session."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from parley_gateway.conversation.commands import RunTool
from parley_gateway.conversation.events import ToolFinished
from parley_gateway.conversation.history import ToolCall, ToolResult, ToolStatus
from parley_gateway.logs import where
from parley_gateway.ports import Tools, ToolSpec
from parley_gateway.session.observer import SessionObserver
from parley_gateway.session.reaper import Reaper

NO_ANSWER = "No answer came in time. Whether it was done is not known."
BROKEN = "The call went wrong. Whether it was done is not known."

UNKNOWN_TOOL = "unknown"

_logger = logging.getLogger(__name__)


class NoTools:
    """For deployments without any: a model that calls one all the same is told so."""

    specs: tuple[ToolSpec, ...] = ()

    async def call(self, call: ToolCall, *, key: str, session: str) -> ToolResult:
        """There is nothing to call."""
        del key, session
        return ToolResult(call.id, ToolStatus.FAILED, "There is no such tool.")


class ToolRuns:
    """One session's."""

    def __init__(
        self,
        tools: Tools,
        *,
        session: str,
        deadline_s: float,
        feed: Callable[[ToolFinished], None],
        reaper: Reaper,
        observer: SessionObserver,
    ) -> None:
        self._tools = tools
        self._session = session
        self._deadline_s = deadline_s
        self._feed = feed
        self._reaper = reaper
        self._observer = observer
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, command: RunTool) -> None:
        """Make the call; its result comes as an event, whatever becomes of it. The core bounds their number."""
        task = asyncio.create_task(self._run(command), name=f"{self._session}:tool")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel_all(self) -> None:
        """The session is over: nobody waits for a result."""
        for task in tuple(self._tasks):
            self._reaper.reap(task)

    async def _run(self, command: RunTool) -> None:
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        result = await self._result(command)
        self._observer.tool_over(self._known(command.call.name), result.status, loop.time() - began_at)
        self._feed(ToolFinished(result))

    def _known(self, name: str) -> str:
        """Models invent names: each would be a series of its own."""
        return name if any(spec.name == name for spec in self._tools.specs) else UNKNOWN_TOOL

    async def _result(self, command: RunTool) -> ToolResult:
        call, key = command.call, f"{self._session}:{command.key}"
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._tools.call(call, key=key, session=self._session)
        except TimeoutError:
            return ToolResult(call.id, ToolStatus.UNKNOWN, NO_ANSWER)
        except Exception as error:  # noqa: BLE001 - a defect of a tool's is a result like any other
            _logger.error("a tool broke", extra={"session": self._session, "error": where(error)})  # noqa: TRY400
            return ToolResult(call.id, ToolStatus.UNKNOWN, BROKEN)
