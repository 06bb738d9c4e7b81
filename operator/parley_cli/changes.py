"""What a file would change in the cluster: the resource itself, and all that it becomes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from parley_cli.applied import is_server_side, spec_after
from parley_cli.cluster import Cluster
from parley_cli.diffs import differences
from parley_cli.gateway_images import gateway_images
from parley_cli.release import release
from parley_cli.taken_hosts import taken_hosts
from parley_operator.api import VoiceDeployment
from parley_operator.ingress_classes import IngressClasses
from parley_operator.kube.discovery import UnknownKindError
from parley_operator.kube.errors import NotFoundError
from parley_operator.kube.objects import Json
from parley_operator.kube.served_group import is_served
from parley_operator.render import Facts, Rendered, object_key, render
from parley_operator.render.apis import CUSTOM_METRICS, OPTIONAL, Api

_HISTORY = frozenset({"ControllerRevision"})
"""Kinds that only repeat the spec, and whose old objects stay."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one VoiceDeployment of a file would do."""

    name: str
    is_new: bool
    texts: tuple[str, ...]
    """One difference for each object, in the unified form."""
    rolls_pods: bool
    """Whether pods that run would be replaced."""
    warnings: tuple[str, ...]
    """What would be said of the new state."""


async def change(cluster: Cluster, document: Json) -> Change:
    """Ask the API server what the document would become, and compare. Raises KubeError where it is refused."""
    name = document["metadata"]["name"]
    collection = await cluster.collection()
    try:
        live: Json | None = await cluster.client.get(f"{collection}/{name}")
    except NotFoundError:
        live = None
    then = await _then(cluster, collection, document, live)
    taken = await taken_hosts(cluster, live, then)
    facts = replace(await facts_of(cluster, VoiceDeployment.parse(then)), taken_hosts=taken)
    after = render(VoiceDeployment.parse(then), facts)
    before = render(VoiceDeployment.parse(live), facts) if live else None
    return Change(
        name=name,
        is_new=live is None,
        texts=tuple(differences(_objects(live, before), _objects(then, after))),
        rolls_pods=before is not None and _template(before) != _template(after),
        warnings=tuple(f"{finding.reason}: {finding.message}" for finding in after.findings),
    )


async def _then(cluster: Cluster, collection: str, document: Json, live: Json | None) -> Json:
    """What `kubectl apply` of the document would leave, as the server would store it, with its defaults."""
    client = cluster.client
    if live is None:
        metadata = {**document["metadata"], "namespace": cluster.namespace}
        body = {**document, "metadata": metadata}
        return await client.create(collection, body, field_manager="parley", dry_run=True)
    path = f"{collection}/{live['metadata']['name']}"
    if is_server_side(live):
        return await client.apply(path, document, field_manager="kubectl", force=True, dry_run=True)
    return await client.replace(path, {**live, "spec": spec_after(document, live)}, dry_run=True)


async def facts_of(cluster: Cluster, resource: VoiceDeployment) -> Facts:
    """What a cluster has beside the resource itself; what is generated, and what Secrets hold, is left out."""
    ingress = resource.spec.endpoint.ingress if resource.spec.endpoint else None
    custom_metrics = await is_served(cluster.client, CUSTOM_METRICS)
    images = await gateway_images(cluster, resource)
    facts = Facts(
        release=release(),
        image_repository=images.repository,
        images=images.by_release,
        image_pull_policy=images.pull_policy,
        apis=await served_kinds(cluster),
        custom_metrics=custom_metrics,
    )
    if ingress is None:
        return facts
    return replace(facts, ingress_class=await IngressClasses(cluster.client).resolve(ingress.class_name))


async def served_kinds(cluster: Cluster) -> frozenset[str]:
    """The kinds that are made only where somebody has installed their API."""
    found = await asyncio.gather(*(_is_served(cluster, kind, api) for kind, api in OPTIONAL.items()))
    return frozenset(kind for kind, served in zip(OPTIONAL, found, strict=True) if served)


async def _is_served(cluster: Cluster, kind: str, api: Api) -> bool:
    try:
        await cluster.discovery.collection(api.api_version, kind)
    except UnknownKindError:
        return False
    return True


def _objects(body: Json | None, rendered: Rendered | None) -> dict[str, Any]:
    if body is None or rendered is None:
        return {}
    children = {
        f"{key.kind}/{key.name}": one
        for one in rendered.manifests
        for key in [object_key(one)]
        if key.kind not in _HISTORY
    }
    return {f"{body['kind']}/{body['metadata']['name']}": {"spec": body["spec"]}, **children}


def _template(rendered: Rendered) -> Any:
    found = (one["spec"]["template"] for one in rendered.manifests if one["kind"] == "Deployment")
    return next(found, None)
