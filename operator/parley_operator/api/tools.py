"""`spec.agent.tools`: what the agent can do beside talking."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.durations import seconds
from parley_operator.api.references import SecretSource
from parley_operator.api.values import BaseUrl, Duration, HeaderName, ToolName


class SecretHeader(ResourceModel):
    """An HTTP header whose value is kept in a Secret."""

    name: HeaderName
    """Name of the header, such as Authorization."""
    value_from: SecretSource
    """Where its value is."""


SecretHeaders = Annotated[
    tuple[SecretHeader, ...],
    Field(
        min_length=1,
        max_length=8,
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
    ),
]
ToolNames = Annotated[
    tuple[ToolName, ...], Field(max_length=64, json_schema_extra={"x-kubernetes-list-type": "set"})
]


class HttpToolSpec(ResourceModel):
    """A function that is called over HTTP."""

    url: BaseUrl
    """Where it is called: arguments go as a JSON body, or as the query of a GET."""
    description: Annotated[str, Field(min_length=1, max_length=4096)]
    """Tells the model when to call it."""
    parameters: Annotated[
        dict[str, Any] | None,
        Field(json_schema_extra={"x-kubernetes-preserve-unknown-fields": True}),
    ] = None
    """JSON schema of the arguments, an object. Absent: it takes none."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    """HTTP method of the call."""
    headers: SecretHeaders | None = None
    """Headers with confidential values."""
    idempotent: bool = False
    """Whether a call whose outcome is unknown may be repeated."""


class McpServerSpec(ResourceModel):
    """A server of the Model Context Protocol."""

    url: BaseUrl
    """Its address, for streamable HTTP. To the model its tools are called NAME_TOOL."""
    headers: SecretHeaders | None = None
    """Headers with confidential values."""
    allowed_tools: ToolNames | None = None
    """Tools that the agent may call. Absent: all that the server lists."""
    idempotent_tools: ToolNames | None = None
    """Tools whose calls may be repeated when their outcome is unknown."""


class ToolSpec(ResourceModel):
    """Something that the agent can do: exactly one of http and mcp, as the type says."""

    name: ToolName
    """What the model calls it: letters, digits, '_' and '-'."""
    type: Literal["HTTP", "MCP"]
    """HTTP, a single function; or MCP, a server with functions of its own."""
    http: HttpToolSpec | None = None
    """The function, for type HTTP."""
    mcp: McpServerSpec | None = None
    """The server, for type MCP."""
    timeout: Duration = "10s"
    """How long a call may take, 100ms to 5m."""

    rules = (
        Rule(
            cel="self.type == 'HTTP' ? has(self.http) && !has(self.mcp) : has(self.mcp) && !has(self.http)",
            message="set http for type HTTP, or mcp for type MCP, and not the other",
            holds=lambda tool: (
                (tool.http is not None, tool.mcp is not None) == (tool.type == "HTTP", tool.type == "MCP")
            ),
        ),
        Rule(
            cel="duration(self.timeout) >= duration('100ms') && duration(self.timeout) <= duration('5m')",
            message="timeout must be between 100ms and 5m",
            field="timeout",
            holds=lambda tool: 0.1 <= seconds(tool.timeout) <= 300,
        ),
    )
