"""Which module serves which kind of tool. Imported only when configured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from parley_contract.agent import HttpTool, McpServer, ToolConfig
from parley_gateway.tools.toolbox import Source, Toolbox


def create_tools(configs: Sequence[ToolConfig]) -> Toolbox:
    """The configured tools, not connected yet. Raises ValueError for what cannot be, and says what to do."""
    _check_names(configs)
    sources: list[Source] = []
    if functions := [config for config in configs if isinstance(config, HttpTool)]:
        sources.append(_module("http_function", extra="tools").HttpFunctions(functions))
    if servers := [config for config in configs if isinstance(config, McpServer)]:
        module = _module("mcp_server", extra="mcp")
        sources += [module.McpTools(server) for server in servers]
    return Toolbox(sources)


def _module(name: str, *, extra: str) -> ModuleType:
    try:
        return import_module(f"parley_gateway.tools.{name}")
    except ModuleNotFoundError as error:
        raise ValueError(f"tools need the package {error.name!r}: install parley-voice[{extra}]") from error


def _check_names(configs: Sequence[ToolConfig]) -> None:
    for name, number in Counter(config.name for config in configs).items():
        if number > 1:
            raise ValueError(f"{number} tools are called {name}: give each a name of its own")
