"""Suspending and resuming: the one field behind both commands."""

from __future__ import annotations

from parley_cli.cluster import Cluster


async def suspend(cluster: Cluster, name: str, *, suspended: bool) -> bool:
    """Set spec.suspend; returns whether that was news."""
    body = await cluster.voice_deployment(name)
    if bool(body["spec"].get("suspend", False)) == suspended:
        return False
    # The UID guards against a resource that was deleted and made anew in between.
    metadata = {"uid": body["metadata"]["uid"]}
    path = f"{await cluster.collection()}/{name}"
    await cluster.client.merge(path, {"metadata": metadata, "spec": {"suspend": suspended}})
    return True
