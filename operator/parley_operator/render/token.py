"""The access token that is generated where a resource says nothing about authentication."""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.render.facts import Facts
from parley_operator.render.names import child_name
from parley_operator.render.references import ValueId
from parley_operator.render.rendered import Manifest
from parley_operator.render.secret import secret

KEY = "token"


def is_generated(resource: VoiceDeployment) -> bool:
    """Whether the resource leaves authentication to the operator."""
    return resource.spec.auth is None


def token_value(resource: VoiceDeployment) -> ValueId:
    """Where the generated token is."""
    return ValueId("Secret", child_name(resource.metadata.name, "token"), KEY)


def token_secret(resource: VoiceDeployment, facts: Facts) -> Manifest | None:
    """The Secret with the generated token; None where there is none to write."""
    if not is_generated(resource) or facts.token is None:
        return None
    return secret(resource, token_value(resource).name, {KEY: facts.token.encode()})
