"""Other projects' resource definitions as they publish them, installed and removed while tests run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import yaml

from localcluster.builds import BuildCache
from localcluster.paths import cache_dir
from localcluster.progress import Progress
from localcluster.versions import (
    CERT_MANAGER_CRDS,
    ENVOY_GATEWAY_CRDS,
    FLUX_CRDS,
    GATEWAY_API_CRDS,
    ISTIO_CRDS,
    KEDA_CRDS,
    KONG_CRDS,
    PROMETHEUS_OPERATOR,
    TRAEFIK_CRDS,
    GoBuild,
)
from parley_operator.kube.client import Client
from parley_operator.kube.errors import NotFoundError, ThrottledError
from parley_operator.render.apis import GATEWAY, OPTIONAL

PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SECONDS = 30.0

Definition = dict[str, Any]


def published(build: GoBuild, *kinds: str) -> list[Definition]:
    """The definitions of these kinds in a module's files; of all where none is named."""
    cache = BuildCache(cache_dir(), progress=Progress())
    cache.ensure((build,))
    files = [cache.binary(build, asset.rpartition("/")[2]) for asset in build.assets]
    # In C: some are megabytes, which take seconds in Python.
    parsed = (yaml.load_all(file.read_text(), Loader=yaml.CSafeLoader) for file in files)
    documents = [document for several in parsed for document in several if document]
    found = {document["spec"]["names"]["kind"]: document for document in documents}
    return [found[kind] for kind in kinds or found]


def gateway_api() -> list[Definition]:
    return published(GATEWAY_API_CRDS, "Gateway", "HTTPRoute")


def envoy_gateway() -> list[Definition]:
    return published(ENVOY_GATEWAY_CRDS, "BackendTrafficPolicy")


def istio() -> list[Definition]:
    return published(ISTIO_CRDS, "DestinationRule")


def kong() -> list[Definition]:
    return published(KONG_CRDS, "KongPlugin", "KongUpstreamPolicy")


def keda() -> list[Definition]:
    return published(KEDA_CRDS, "ScaledObject")


def cert_manager() -> list[Definition]:
    return published(CERT_MANAGER_CRDS, "Certificate")


def traefik() -> list[Definition]:
    return published(TRAEFIK_CRDS, "Middleware")


def prometheus_operator() -> list[Definition]:
    return published(PROMETHEUS_OPERATOR)


def flux() -> list[Definition]:
    return published(FLUX_CRDS, "Kustomization")


def all_of_the_gateway_api() -> list[Definition]:
    return published(GATEWAY_API_CRDS)


def all_of_traefik() -> list[Definition]:
    return published(TRAEFIK_CRDS)


def permissive(kind: str) -> Definition:
    """A definition of an optional kind that takes everything: for tests of who may do what with it."""
    api = GATEWAY if kind == "Gateway" else OPTIONAL[kind]
    names = {"kind": kind, "listKind": f"{kind}List", "plural": api.plural, "singular": kind.lower()}
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": api.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
    }
    # The groups of Kubernetes' own projects are protected: they want to be told that somebody approved.
    approved = {"api-approved.kubernetes.io": "unapproved, for tests"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": api.definition, "annotations": approved},
        "spec": {"group": api.group, "names": names, "scope": "Namespaced", "versions": [version]},
    }


async def install(client: Client, definitions: Iterable[Definition]) -> None:
    """Install them, and wait until their objects can be listed."""
    for definition in definitions:
        name = definition["metadata"]["name"]
        await client.apply(f"{PATH}/{name}", definition, field_manager="test", force=True)
        await _until(client, definition, served=True)


async def remove(client: Client, definitions: Iterable[Definition]) -> None:
    """Remove them with all their objects, and wait until they are gone."""
    for definition in definitions:
        path = f"{PATH}/{definition['metadata']['name']}"
        try:
            found = await client.get(path)
        except NotFoundError:
            continue
        await client.delete(path, uid=found["metadata"]["uid"])
        await _until(client, definition, served=False)


async def _until(client: Client, definition: Definition, *, served: bool) -> None:
    spec = definition["spec"]
    version = next(version["name"] for version in spec["versions"] if version["served"])
    path = f"/apis/{spec['group']}/{version}/{spec['names']['plural']}"
    async with asyncio.timeout(SECONDS):
        while await _is_served(client, path) != served:  # noqa: ASYNC110 - nothing tells when it is
            await asyncio.sleep(0.1)


async def _is_served(client: Client, path: str) -> bool:
    """The storage of a CRD is made after the CRD."""
    try:
        await client.list(path)
    except (NotFoundError, ThrottledError):
        return False
    return True
