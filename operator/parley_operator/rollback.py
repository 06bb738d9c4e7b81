"""Which spec is brought to the pods: the resource's own, or the last good one where it asked to be rolled back.

The spec is never edited: whoever wrote it, a person or a GitOps tool, would fight that. What failed stays in the
status until the spec changes, and what is brought instead comes from its ControllerRevision.
"""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.kube.client import Client, Json
from parley_operator.render.revision import revision_name
from parley_operator.revisions import at_revision


async def in_effect(client: Client, body: Json, resource: VoiceDeployment) -> VoiceDeployment:
    """The resource with the spec that is to run. Raises KubeError where it cannot be read."""
    good = resource.status.current_revision
    asked = resource.spec.rollout.on_failure == "Rollback" and is_failed(resource)
    if not asked or good is None or good == revision_name(resource):
        return resource
    return await at_revision(client, body, resource, good) or resource


def is_failed(resource: VoiceDeployment) -> bool:
    """Whether the pods of this very spec were found not to become ready."""
    return resource.status.failed_revision == revision_name(resource)
