"""The tools' part of the gateway's configuration."""

from __future__ import annotations

from typing import Any

from parley_operator.api.durations import seconds
from parley_operator.api.tools import HttpToolSpec, McpServerSpec, ToolSpec
from parley_operator.render.said import header_files, said


def tool_config(tool: ToolSpec) -> dict[str, Any]:
    """One tool; its rules have seen to it that it has the block of its type."""
    block = _http(tool.http) if tool.http else _mcp(tool.mcp) if tool.mcp else {}
    return {"type": tool.type, "name": tool.name, "timeout": seconds(tool.timeout), **block}


def _http(http: HttpToolSpec) -> dict[str, Any]:
    return said(
        url=http.url,
        description=http.description,
        parameters=http.parameters,
        method=http.method,
        header_files=header_files(http.headers),
        idempotent=http.idempotent,
    )


def _mcp(mcp: McpServerSpec) -> dict[str, Any]:
    return said(
        url=mcp.url,
        header_files=header_files(mcp.headers),
        allowed_tools=list(mcp.allowed_tools) if mcp.allowed_tools is not None else None,
        idempotent_tools=list(mcp.idempotent_tools) if mcp.idempotent_tools else None,
    )
