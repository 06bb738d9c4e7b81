"""The key that signs client secrets: the same in all pods, so that a secret minted by one is taken by another."""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.render.facts import Facts
from parley_operator.render.names import child_name
from parley_operator.render.references import ValueId
from parley_operator.render.rendered import Manifest
from parley_operator.render.secret import secret

KEY = "key"


def mints_client_secrets(resource: VoiceDeployment) -> bool:
    """Whether the resource lets servers mint client secrets."""
    return resource.spec.auth is not None and resource.spec.auth.client_secrets is not None


def signing_value(resource: VoiceDeployment) -> ValueId:
    """Where the generated key is."""
    return ValueId("Secret", child_name(resource.metadata.name, "signing"), KEY)


def signing_secret(resource: VoiceDeployment, facts: Facts) -> Manifest | None:
    """The Secret with the generated key; None where there is none to write."""
    if not mints_client_secrets(resource) or facts.signing_key is None:
        return None
    return secret(resource, signing_value(resource).name, {KEY: facts.signing_key.encode()})
