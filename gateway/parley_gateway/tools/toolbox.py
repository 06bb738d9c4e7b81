"""All tools of a process: finds what a model calls, checks it, journals it, and makes the call once."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import orjson

from parley_gateway.conversation.history import ToolCall, ToolResult, ToolStatus
from parley_gateway.logs import where
from parley_gateway.ports import ToolSpec
from parley_gateway.tools.function import BadArgumentsError, Function
from parley_gateway.tools.journal import Journal
from parley_gateway.tools.outcome import Outcome, in_doubt, refused

logger = logging.getLogger(__name__)

NO_SUCH_TOOL = "There is no such tool."
NOT_REPEATED = (
    "Not called again: the same call was made before, and whether it was done is not known. "
    "Do not repeat it; tell the caller so."
)
_CANCELLED = "It was called off."
_STOP_S = 3.0
_PORTABLE = re.compile(r"[!#-\[\]-~]{1,128}")
"""Visible ASCII without quotes."""


class Source(Protocol):
    """Where functions come from: fixed ones, or those of a server."""

    @property
    def name(self) -> str:
        """As the configuration has it."""
        ...

    @property
    def functions(self) -> Sequence[Function]:
        """Those there are now."""
        ...

    async def ready(self) -> None:
        """Wait until it has been tried for the first time."""
        ...

    async def run(self) -> None:
        """Keep the functions up to date, until cancelled."""
        ...

    async def aclose(self) -> None:
        """Let go of everything."""
        ...

    def report(self) -> dict[str, Any]:
        """Its name as `source`, whether it is `connected`, and how many `tools` it has, for people."""
        ...


class Toolbox:
    """One process's. Implements `ports.Tools`."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = list(sources)
        self._journal = Journal()

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """Those that can be called now."""
        return tuple(function.spec for function in self._functions.values())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Connected to the servers for as long as this is entered; they are looked for again and again."""
        tasks = [asyncio.create_task(source.run(), name=f"tools of {source.name}") for source in self._sources]
        try:
            yield
        finally:
            await _ended(tasks)
            await asyncio.gather(*(source.aclose() for source in self._sources))

    async def warm(self, *, within_s: float) -> None:
        """Wait until every server has been tried, so that the first session has what there is; no longer."""
        waiting = [asyncio.create_task(source.ready(), name="warm tools") for source in self._sources]
        if waiting:
            _, late = await asyncio.wait(waiting, timeout=within_s)
            await _ended(list(late))

    def health(self) -> dict[str, dict[str, Any]]:
        """How each source fares, as a dependency of the process; nothing where there are no tools."""
        if not self._sources:
            return {}
        reports = [source.report() for source in self._sources]
        away = [report["source"] for report in reports if not report["connected"]]
        about = {"status": "failing", "problem": f"away: {', '.join(away)}"} if away else {"status": "ok"}
        return {"tools": {**about, "sources": reports}}

    async def call(self, call: ToolCall, *, key: str, session: str) -> ToolResult:
        """Call one. Never raises but when cancelled; the same key is never called twice at a time, nor again."""
        key = _portable(key)
        if (entry := self._journal.find(session, key)) is not None:
            return _result(call, await asyncio.shield(entry.outcome))
        function = self._functions.get(call.name)
        if function is None:
            return _result(call, refused(NO_SUCH_TOOL))
        try:
            arguments = function.parse(call.arguments)
        except BadArgumentsError as error:
            return _result(call, refused(str(error)))
        return _result(call, await self._journalled(function, arguments, key=key, session=session))

    async def _journalled(
        self, function: Function, arguments: dict[str, Any], *, key: str, session: str
    ) -> Outcome:
        """Written down before it is made, and after."""
        name, of_arguments = function.spec.name, _digest(arguments)
        if not function.idempotent and self._journal.has_doubt(session, name, of_arguments):
            return Outcome(ToolStatus.UNKNOWN, NOT_REPEATED)
        entry = self._journal.begin(session, key, name=name, digest=of_arguments)
        told = {"session": session, "tool": name, "key": key}
        logger.info("a tool is called", extra=told)
        outcome = in_doubt(_CANCELLED)
        try:
            outcome = await _call(function, arguments, key)
        finally:
            entry.outcome.set_result(outcome)
            logger.info("a call of a tool is over", extra={**told, "status": outcome.status.value})
        return outcome

    @property
    def _functions(self) -> dict[str, Function]:
        """By name; the first of a name counts."""
        found: dict[str, Function] = {}
        for source in self._sources:
            for function in source.functions:
                found.setdefault(function.spec.name, function)
        return found


async def _call(function: Function, arguments: dict[str, Any], key: str) -> Outcome:
    """Once; and once more, with the same key, where that is allowed and of use."""
    outcome = await _attempt(function, arguments, key)
    if outcome.status is ToolStatus.UNKNOWN and function.idempotent:
        outcome = await _attempt(function, arguments, key)
    return outcome


async def _attempt(function: Function, arguments: dict[str, Any], key: str) -> Outcome:
    try:
        return await function.call(arguments, key=key)
    except Exception as error:  # noqa: BLE001 - a defect is an outcome, too; its message may hold what was said
        logger.error("a tool broke", extra={"tool": function.spec.name, "error": where(error)})  # noqa: TRY400
        return in_doubt("The call went wrong.")


def _digest(arguments: dict[str, Any]) -> str:
    """The same for the same arguments in any order; tells nobody what they are."""
    return hashlib.sha256(orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _portable(key: str) -> str:
    """As it fits into a header, whatever ids a model makes up."""
    return key if _PORTABLE.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest()


def _result(call: ToolCall, outcome: Outcome) -> ToolResult:
    return ToolResult(call.id, outcome.status, outcome.text)


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancelled, and again where saying goodbye to a server takes too long."""
    for _ in range(2):
        waiting = [task for task in tasks if not task.done()]
        for task in waiting:
            task.cancel()
        if waiting:
            await asyncio.wait(waiting, timeout=_STOP_S)
