"""Which gateway release a resource runs, and from which image."""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.render.facts import GATEWAY_IMAGE, Facts


def gateway_version(resource: VoiceDeployment, facts: Facts) -> str:
    """The release that the spec pins, else the one it has, else the operator's."""
    return resource.spec.version or resource.status.version or facts.release


def image(resource: VoiceDeployment, facts: Facts) -> str:
    """The image of that release."""
    version = gateway_version(resource, facts)
    return facts.images.get(version, f"{facts.image_repository}:{version}")


def images_named(said: str, release: str) -> tuple[str, dict[str, str]]:
    """What the operator's `--gateway-image` means: the repository, and whole references by release.

    An image with a tag or a digest is that of the operator's own release alone.
    """
    is_whole = "@" in said or ":" in said.rpartition("/")[2]
    return (GATEWAY_IMAGE, {release: said}) if is_whole else (said, {})
