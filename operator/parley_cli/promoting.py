"""Promoting: what a canary tries is brought to all pods, without an edit of the spec."""

from __future__ import annotations

from parley_cli.cluster import Cluster
from parley_operator.resources import PROMOTED_ANNOTATION


async def promote(cluster: Cluster, name: str) -> str | None:
    """Promote the revision that is tried; returns its name, or None where nothing is."""
    body = await cluster.voice_deployment(name)
    canary = (body.get("status") or {}).get("canary")
    if canary is None:
        return None
    revision: str = canary["revision"]
    # The UID guards against a resource that was deleted and made anew in between, the name against a changed spec.
    metadata = {"uid": body["metadata"]["uid"], "annotations": {PROMOTED_ANNOTATION: revision}}
    await cluster.client.merge(f"{await cluster.collection()}/{name}", {"metadata": metadata})
    return revision
