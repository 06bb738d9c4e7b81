"""`spec.agent`: what the agent is told and says first."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.references import TextSource
from parley_operator.api.tools import ToolSpec
from parley_operator.api.values import LanguageTag


class PhrasesSpec(ResourceModel):
    """What the agent says without asking the model. "" says nothing. Absent: an English sentence each."""

    apology: Annotated[str, Field(max_length=500)] | None = None
    """When no provider could make an answer."""
    still_there: Annotated[str, Field(max_length=500)] | None = None
    """Once, to a caller who says nothing, before the session ends."""
    goodbye: Annotated[str, Field(max_length=500)] | None = None
    """When a limit of time or money is reached."""


class AgentSpec(ResourceModel):
    """What the agent is told and says first. An edit reaches new sessions within a minute; no pod restarts."""

    instructions: Annotated[str, Field(min_length=1, max_length=65_536)] | None = None
    """The system prompt. Excludes instructionsFrom."""
    instructions_from: TextSource | None = None
    """Where the system prompt is, for one that is long or confidential. Excludes instructions."""
    greeting: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    """Spoken as soon as a session starts. Absent: the caller speaks first."""
    language: LanguageTag = "en-US"
    """Language tag (BCP 47) of the conversation, such as en-US."""

    phrases: PhrasesSpec | None = None
    """What the agent says without asking the model; say it in the agent's language."""
    tools: (
        Annotated[
            tuple[ToolSpec, ...],
            Field(
                min_length=1,
                max_length=32,
                json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
            ),
        ]
        | None
    ) = None
    """What the agent can do beside talking. Unlike the texts, a change of it rolls the pods."""

    rules = (
        Rule(
            cel="has(self.instructions) != has(self.instructionsFrom)",
            message="set exactly one of instructions and instructionsFrom",
            holds=lambda agent: (agent.instructions is None) != (agent.instructions_from is None),
        ),
    )
