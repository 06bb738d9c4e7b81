"""The agent: what it is told and says, and the tools it may call."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from parley_contract.base import ConfigModel, FilePath, LogLevel, Seconds


class Phrases(ConfigModel):
    """What the agent says without asking the model. An empty text is not said."""

    apology: str = "Sorry, something went wrong on my side. Could you say that again?"
    """When no provider could make an answer: the caller never hears silence."""
    still_there: str = "Are you still there?"
    """Once, before a caller who says nothing is hung up on."""
    goodbye: str = "I have to end this conversation now. Goodbye."
    """When a limit of time or money is reached."""


class AgentText(ConfigModel):
    """What the agent is told and says first: read again for every new session, so an edit needs no restart."""

    instructions: str = ""
    greeting: str | None = None
    """Spoken as soon as a session starts; None lets the caller speak first."""
    language: str = "en-US"
    """BCP 47 tag, given to every stage that takes one."""
    phrases: Phrases = Phrases()
    log_level: LogLevel | None = None
    """Least severity that the gateway logs; None: what its configuration says. No text of the agent's, but this is
    the file that is read while the process runs."""


class AgentConfig(ConfigModel):
    """Where the agent's text is. The files may change while the gateway runs."""

    file: FilePath
    """A JSON file in the shape of `AgentText`."""
    instructions_file: FilePath | None = None
    """Plain text that takes the place of `AgentText.instructions`, for instructions kept in a Secret."""


ToolName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]


class HttpTool(ConfigModel):
    """A function that is called over HTTP: the arguments as a JSON body, or as the query of a GET."""

    type: Literal["HTTP"] = "HTTP"
    name: ToolName
    description: str = Field(max_length=4096)
    """Tells the model when to call it."""
    parameters: dict[str, Any] = Field(default={"type": "object", "properties": {}})
    """JSON schema of the arguments."""
    url: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    header_files: dict[str, FilePath] = {}
    """Headers whose values are kept in files, such as Authorization."""
    timeout: Seconds = 10.0
    idempotent: bool = False
    """Whether a call whose outcome is unknown may be repeated."""


class McpServer(ConfigModel):
    """A server of the Model Context Protocol, over streamable HTTP; its tools are `<name>_<tool>` to the model."""

    type: Literal["MCP"] = "MCP"
    name: ToolName
    url: str
    header_files: dict[str, FilePath] = {}
    timeout: Seconds = 10.0
    allowed_tools: list[str] | None = None
    """None allows all that the server lists."""
    idempotent_tools: list[str] = []


ToolConfig = Annotated[HttpTool | McpServer, Field(discriminator="type")]
