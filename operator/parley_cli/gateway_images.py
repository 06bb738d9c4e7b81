"""Where gateways' images come from in a cluster: as the operator was told, else as pods that run have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from parley_cli.cluster import Cluster
from parley_cli.operators import given, operators_of, serves
from parley_cli.release import release
from parley_operator.api import VoiceDeployment
from parley_operator.kube.errors import ForbiddenError, NotFoundError
from parley_operator.kube.objects import Json
from parley_operator.render.container import CONTAINER
from parley_operator.render.facts import GATEWAY_IMAGE
from parley_operator.render.image import images_named
from parley_operator.render.names import base_name


@dataclass(frozen=True, slots=True)
class GatewayImages:
    """As `Facts` has them."""

    repository: str = GATEWAY_IMAGE
    by_release: Mapping[str, str] = field(default_factory=dict)
    pull_policy: str = "IfNotPresent"


async def gateway_images(cluster: Cluster, resource: VoiceDeployment) -> GatewayImages:
    """The defaults where neither an operator nor a Deployment of the resource may be seen."""
    for operator in await operators_of(cluster) or ():
        if serves(operator, cluster.namespace):
            return of_operator(operator)
    path = await cluster.collection("Deployment", "apps/v1")
    try:
        live = await cluster.client.get(f"{path}/{base_name(resource.metadata.name)}")
    except (ForbiddenError, NotFoundError):
        return GatewayImages()
    return of_gateway(live, resource.status.version or release())


def of_operator(operator: Json) -> GatewayImages:
    """By its command line."""
    repository, images = images_named([GATEWAY_IMAGE, *given(operator, "--gateway-image")][-1], release())
    return GatewayImages(repository, images, ["IfNotPresent", *given(operator, "--gateway-pull-policy")][-1])


def of_gateway(deployment: Json, version: str) -> GatewayImages:
    """By the pods of a resource that runs this release."""
    containers = deployment["spec"]["template"]["spec"]["containers"]
    container = next((one for one in containers if one["name"] == CONTAINER), None)
    if container is None:
        return GatewayImages()
    repository, images = images_named(container["image"].removesuffix(f":{version}"), version)
    return GatewayImages(repository, images, container.get("imagePullPolicy", "IfNotPresent"))
