"""The resource's own salt: it makes digests of credentials useless to whoever may read pods but not Secrets."""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.render.facts import Facts
from parley_operator.render.names import child_name
from parley_operator.render.rendered import Manifest
from parley_operator.render.secret import secret

KEY = "salt"


def salt_secret_name(resource: VoiceDeployment) -> str:
    """The Secret that keeps the salt."""
    return child_name(resource.metadata.name, "salt")


def salt_secret(resource: VoiceDeployment, facts: Facts) -> Manifest | None:
    """The Secret that keeps the salt; None where there is no salt yet."""
    if facts.salt is None:
        return None
    return secret(resource, salt_secret_name(resource), {KEY: facts.salt.encode()})
