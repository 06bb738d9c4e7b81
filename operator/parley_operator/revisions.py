"""A resource as it was: with the spec of one of its ControllerRevisions."""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.api.problems import InvalidResourceError
from parley_operator.kube.client import Client, Json
from parley_operator.kube.errors import NotFoundError
from parley_operator.kube.ownership import controller_uid
from parley_operator.render.revision import restored


async def at_revision(client: Client, body: Json, resource: VoiceDeployment, name: str) -> VoiceDeployment | None:
    """The resource with what the revision holds; None where there is nothing to go back to.

    That is so where the revision is gone or another's, or the definition has changed since. Raises KubeError
    where it cannot be read.
    """
    stored = await _stored(client, resource, name)
    if stored is None:
        return None
    try:
        return VoiceDeployment.parse({**body, "spec": restored(body["spec"], stored)})
    except InvalidResourceError:
        return None


async def _stored(client: Client, resource: VoiceDeployment, name: str) -> Json | None:
    path = f"/apis/apps/v1/namespaces/{resource.metadata.namespace}/controllerrevisions/{name}"
    try:
        found = await client.get(path)
    except NotFoundError:
        return None
    if controller_uid(found) != resource.metadata.uid:
        return None
    spec: Json | None = (found.get("data") or {}).get("spec")
    return spec
