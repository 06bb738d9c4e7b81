"""What a shell offers while somebody types: names as they are in the cluster now, or nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from parley_cli.cluster import Cluster

PATIENCE_S = 3.0
"""Somebody has pressed a key: a cluster that takes longer completes nothing."""


def voice_deployment_names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """VoiceDeployments of the namespace."""

    async def names(cluster: Cluster) -> list[str]:
        return [str(body["metadata"]["name"]) for body in await cluster.voice_deployments()]

    return _offered(context, names, incomplete)


def canary_names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """VoiceDeployments of the namespace that try a revision."""

    async def names(cluster: Cluster) -> list[str]:
        bodies = await cluster.voice_deployments()
        return [str(body["metadata"]["name"]) for body in bodies if (body.get("status") or {}).get("canary")]

    return _offered(context, names, incomplete)


def revision_numbers(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Revisions of the VoiceDeployment that the command names, the newest first."""
    # While an option waits for its value, click has not yet told the words from each other.
    name = context.params.get("name") or next(iter(context.args), None)
    if name is None:
        return []

    async def names(cluster: Cluster) -> list[str]:
        from parley_cli.history import history

        return [str(one.number) for one in reversed(await history(cluster, name))]

    return _offered(context, names, incomplete)


def pod_names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Pods of gateways in the namespace."""

    async def names(cluster: Cluster) -> list[str]:
        from parley_operator.render.labels import CHILD_SELECTOR, COMPONENT

        selector = {"labelSelector": f"{CHILD_SELECTOR},{COMPONENT}=gateway"}
        found = await cluster.client.list(await cluster.collection("Pod", "v1"), selector, metadata_only=True)
        return [str(pod["metadata"]["name"]) for pod in found["items"]]

    return _offered(context, names, incomplete)


def namespace_names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Namespaces."""

    async def names(cluster: Cluster) -> list[str]:
        found = await cluster.client.list("/api/v1/namespaces", metadata_only=True)
        return [str(one["metadata"]["name"]) for one in found["items"]]

    return _offered(context, names, incomplete)


def context_names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Contexts of the kubeconfig."""
    from kubernetes.aio.config import list_kube_config_contexts

    from parley_operator.kube.connection import kubeconfig_or_default

    kubeconfig = kubeconfig_or_default(context.params.get("kubeconfig"))
    try:
        found, _ = list_kube_config_contexts(config_file=kubeconfig)  # type: ignore[no-untyped-call]
    except Exception:  # noqa: BLE001 - whatever is wrong, a shell cannot say it
        return []
    return [one["name"] for one in found if one["name"].startswith(incomplete)]


def _offered(
    context: click.Context, names: Callable[[Cluster], Awaitable[list[str]]], incomplete: str
) -> list[str]:
    import asyncio

    from parley_cli.cluster import on_cluster
    from parley_cli.target import Target

    async def within_time(cluster: Cluster) -> list[str]:
        async with asyncio.timeout(PATIENCE_S):
            return await names(cluster)

    said = {name: context.params.get(name) for name in ("kubeconfig", "context", "namespace")}
    try:
        found = on_cluster(Target(**said), within_time)
    except (click.ClickException, TimeoutError):
        return []
    return [name for name in found if name.startswith(incomplete)]
