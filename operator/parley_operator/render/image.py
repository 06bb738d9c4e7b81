"""Which gateway release a resource runs, and from which image."""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.render.facts import Facts


def gateway_version(resource: VoiceDeployment, facts: Facts) -> str:
    """The release that the spec pins, else the one it has, else the operator's."""
    return resource.spec.version or resource.status.version or facts.release


def image(resource: VoiceDeployment, facts: Facts) -> str:
    """The image of that release."""
    version = gateway_version(resource, facts)
    return facts.images.get(version, f"{facts.image_repository}:{version}")
