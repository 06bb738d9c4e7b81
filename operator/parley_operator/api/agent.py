"""`spec.agent`: what the agent is told and says first."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.references import TextSource
from parley_operator.api.values import LanguageTag


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

    rules = (
        Rule(
            cel="has(self.instructions) != has(self.instructionsFrom)",
            message="set exactly one of instructions and instructionsFrom",
            holds=lambda agent: (agent.instructions is None) != (agent.instructions_from is None),
        ),
    )
