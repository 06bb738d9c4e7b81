"""A server of the Model Context Protocol, over streamable HTTP: one connection for all sessions of a process."""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import Any, cast

import orjson
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp_types import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    CallToolResult,
    Implementation,
    RequestParamsMeta,
    TextContent,
    Tool,
    ToolListChangedNotification,
)

from parley_contract.agent import McpServer
from parley_gateway.logs import where
from parley_gateway.ports import ToolSpec
from parley_gateway.tools.arguments import Arguments
from parley_gateway.tools.headers import SecretHeaders
from parley_gateway.tools.mcp_http import NOT_SENT, SESSION_GONE, McpHttp
from parley_gateway.tools.outcome import Outcome, answered, in_doubt, refused

logger = logging.getLogger(__name__)

AWAY = "Its server is away; nothing was done."
IDEMPOTENCY_KEY = "parley.dev/idempotency-key"
"""Within `_meta` of a call."""
_RELIST_S = 60.0
"""How often a server is asked for its tools anew; one that says when they change is asked then as well."""
_FIRST_RETRY_S = 0.5
_LONGEST_RETRY_S = 30.0
_MOST_PAGES = 20
_MOST_TOOLS = 128
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_NAME = 64
"""What all models take."""


class McpFunction:
    """One of a server's tools. Implements `Function`."""

    def __init__(self, server: McpTools, tool: Tool, name: str, *, idempotent: bool) -> None:
        """Raises ValueError where its schema is none."""
        self.spec = ToolSpec(name, tool.description or tool.title or tool.name, tool.input_schema)
        self.parse = Arguments(tool.input_schema).parse
        self.idempotent = idempotent
        self._server = server
        self._tool = tool.name

    async def call(self, arguments: dict[str, Any], *, key: str) -> Outcome:
        """Call it once. Never raises but when cancelled."""
        return await self._server.call(self._tool, arguments, key)


class McpTools:
    """One server and its tools. Implements `Source`."""

    def __init__(self, config: McpServer) -> None:
        self.name = config.name
        self.functions: Sequence[McpFunction] = ()
        self._config = config
        self._headers = SecretHeaders(config.header_files)
        self._client: Client | None = None
        self._retry_s = _FIRST_RETRY_S
        self._tried = asyncio.Event()
        self._connected = asyncio.Event()
        self._changed = asyncio.Event()
        self._gone = asyncio.Event()

    async def ready(self) -> None:
        """Wait until it has been tried for the first time."""
        await self._tried.wait()

    async def run(self) -> None:
        """Be connected, whatever happens, until cancelled."""
        while True:
            try:
                await self._serve()
            except Exception as error:  # noqa: BLE001 - the SDK raises groups of whatever the transport raised
                told = {"server": self.name, "problem": _problem(error), "retry_s": self._retry_s}
                logger.warning("a server of tools is away", extra=told)
                self._tried.set()
                await asyncio.sleep(self._retry_s * (0.5 + random.random() / 2))  # noqa: S311 - jitter
                self._retry_s = min(self._retry_s * 2, _LONGEST_RETRY_S)

    async def aclose(self) -> None:
        """All that there is belongs to `run`."""

    def report(self) -> dict[str, Any]:
        """Whether it is there, and with what."""
        return {
            "source": self.name,
            "connected": self._connected.is_set(),
            "tools": len(self.functions),
        }

    async def call(self, tool: str, arguments: dict[str, Any], key: str) -> Outcome:
        """Call one of its tools; a server that has forgotten us is called again, for it has done nothing."""
        try:
            async with asyncio.timeout(self._config.timeout):
                for _ in range(2):
                    client = await self._present_client()
                    if client is None:
                        return refused(AWAY)
                    outcome = await self._ask(client, tool, arguments, key)
                    if outcome is not None:
                        return outcome
                return refused(AWAY)
        except TimeoutError:
            return in_doubt(f"It did not answer within {self._config.timeout:g} s.")

    # --- the connection ---

    async def _serve(self) -> None:
        """One connection's life: ends when the server has forgotten it, raises what the SDK raises."""
        self._gone.clear()
        async with McpHttp(self._headers, timeout_s=self._config.timeout) as http:
            client = Client(
                streamable_http_client(self._config.url, http_client=http),
                read_timeout_seconds=self._config.timeout,
                message_handler=self._on_message,
                client_info=Implementation(name="parley", version=version("parley-voice")),
                cache=None,
            )
            try:
                async with client:
                    await self._list(client)
                    self._client, self._retry_s = client, _FIRST_RETRY_S
                    self._connected.set()
                    self._tried.set()
                    logger.info("a server of tools is there", extra=self.report())
                    await self._keep_listed(client)
            finally:
                self._client = None
                self._connected.clear()

    async def _keep_listed(self, client: Client) -> None:
        while True:
            await self._wake_or(_RELIST_S)
            if self._gone.is_set():
                return
            self._changed.clear()
            await self._list(client)

    async def _wake_or(self, seconds: float) -> None:
        waiting = [asyncio.ensure_future(event.wait()) for event in (self._changed, self._gone)]
        try:
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    async def _on_message(self, message: object) -> None:
        if isinstance(message, ToolListChangedNotification):
            self._changed.set()

    async def _present_client(self) -> Client | None:
        """The connection; one that is being made is waited for, though not for all of a call's time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._config.timeout / 2):
                await self._connected.wait()
        return self._client

    # --- what it has ---

    async def _list(self, client: Client) -> None:
        tools: list[Tool] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await client.list_tools(cursor=cursor)
            tools += page.tools
            cursor = page.next_cursor
            if cursor is None:
                break
        self.functions = self._functions(tools[:_MOST_TOOLS])

    def _functions(self, tools: Sequence[Tool]) -> list[McpFunction]:
        """Those that may be called and can be: each with a name of its own that models take."""
        allowed = self._config.allowed_tools
        found: dict[str, McpFunction] = {}
        for tool in tools:
            name = _NOT_IN_NAMES.sub("_", f"{self.name}_{tool.name}")[:_LONGEST_NAME]
            if name in found or (allowed is not None and tool.name not in allowed):
                continue
            try:
                idempotent = tool.name in self._config.idempotent_tools
                found[name] = McpFunction(self, tool, name, idempotent=idempotent)
            except ValueError as error:
                told = {"server": self.name, "tool": name, "problem": str(error)}
                logger.warning("a tool is left out", extra=told)
        return list(found.values())

    # --- calls ---

    async def _ask(self, client: Client, tool: str, arguments: dict[str, Any], key: str) -> Outcome | None:
        """None where the server must be connected to anew."""
        try:
            result = await client.call_tool(tool, arguments, meta=_meta(key))
        except MCPError as error:
            return self._of_error(error)
        except Exception as error:  # noqa: BLE001 - an answer that is not in the protocol, or asks for a person
            logger.warning("a tool answered oddly", extra={"server": self.name, "error": where(error)})
            return in_doubt("Its answer could not be understood.")
        return _outcome(result)

    def _of_error(self, error: MCPError) -> Outcome | None:
        match error.code:
            case code if code == SESSION_GONE:
                self._connected.clear()
                self._gone.set()
                return None
            case code if code == NOT_SENT:
                logger.warning("a tool was not reached", extra={"server": self.name, "problem": error.message})
                return refused(AWAY)
            case code if code in (INVALID_PARAMS, METHOD_NOT_FOUND):
                return refused(f"It refused the call: {error.message}")
        return in_doubt("It failed without a proper answer.")


def _meta(key: str) -> RequestParamsMeta:
    return cast("RequestParamsMeta", {IDEMPOTENCY_KEY: key})


def _outcome(result: CallToolResult) -> Outcome:
    """What it said in words; of pictures and sounds only that they are there."""
    parts = [
        part.text if isinstance(part, TextContent) else f"[{part.type}, which cannot be read out]"
        for part in result.content
    ]
    if not parts and result.structured_content is not None:
        parts = [orjson.dumps(result.structured_content).decode()]
    text = "\n".join(parts)
    return refused(text) if result.is_error else answered(text)


def _problem(error: BaseException) -> str:
    """Type and place of what is at the bottom of a group of errors; of the server's own errors what they say."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error.message if isinstance(error, MCPError) else where(error)
