"""The ConfigMap with the agent's text. It changes in place: an edit reaches new sessions and rolls no pod."""

from __future__ import annotations

import json

from parley_contract.agent import AgentText
from parley_operator.api import VoiceDeployment
from parley_operator.api.agent import PhrasesSpec
from parley_operator.render.labels import metadata
from parley_operator.render.names import child_name
from parley_operator.render.paths import AGENT_NAME
from parley_operator.render.rendered import Manifest
from parley_operator.render.said import said
from parley_operator.render.track import MAIN, Track


def agent_map_name(resource: VoiceDeployment, *, track: Track = MAIN) -> str:
    """The ConfigMap with the agent's text. A canary has its own: the others' callers do not hear it."""
    return child_name(resource.metadata.name, "-".join(filter(None, (track.suffix, "agent"))))


def agent_text(resource: VoiceDeployment) -> AgentText:
    """What the agent is told and says first, and the log level, which is to change without a rollout as well."""
    agent, observability = resource.spec.agent, resource.spec.observability
    phrases = agent.phrases or PhrasesSpec()
    texts = said(apology=phrases.apology, still_there=phrases.still_there, goodbye=phrases.goodbye)
    return AgentText.model_validate(
        said(
            instructions=agent.instructions,
            greeting=agent.greeting,
            language=agent.language,
            phrases=texts or None,
            log_level=observability.log_level if observability else None,
        )
    )


def agent_map(resource: VoiceDeployment, *, track: Track = MAIN) -> Manifest:
    """The ConfigMap with the agent's text."""
    text = agent_text(resource).model_dump(mode="json", exclude_unset=True)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(resource, agent_map_name(resource, track=track), track=track),
        "data": {AGENT_NAME: json.dumps(text, indent=2, sort_keys=True, ensure_ascii=False) + "\n"},
    }
