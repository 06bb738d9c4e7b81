"""Whether the cluster lets pods drain for as long as the spec says: its autoscaler takes nodes away."""

from __future__ import annotations

from parley_cli.checks.verdict import Verdict, warning
from parley_cli.cluster import Cluster
from parley_cli.operators import given
from parley_operator.api.durations import seconds
from parley_operator.kube.errors import ForbiddenError, NotFoundError
from parley_operator.kube.objects import Json

_STATUS = "/api/v1/namespaces/kube-system/configmaps/cluster-autoscaler-status"
"""What cluster-autoscaler writes about itself, also where a cloud runs it out of sight."""
_DEPLOYMENTS = "/apis/apps/v1/namespaces/kube-system/deployments"
_FLAG = "--max-graceful-termination-sec"
_DEFAULT_S = 600
"""Seconds that it grants a pod of a node that it takes away, unless its flag says otherwise."""


async def patience(cluster: Cluster, body: Json) -> list[Verdict]:
    """Of one resource; nothing where no such autoscaler is seen, or it waits for long enough."""
    said = body["spec"]["rollout"]["drainTimeout"]
    granted = await _granted(cluster)
    if granted is None or granted >= seconds(said):
        return []
    return [
        warning(
            body["metadata"]["name"],
            f"cluster-autoscaler ends pods of nodes that it takes away after {granted}s, and rollout.drainTimeout "
            f"lets calls go on for {said}",
            f"start it with {_FLAG}={seconds(said):.0f} or more; a cloud's own may have a bound of its own",
        )
    ]


async def _granted(cluster: Cluster) -> int | None:
    """Seconds; None where no autoscaler of nodes is seen."""
    try:
        await cluster.client.get(_STATUS)
        found = (await cluster.client.list(_DEPLOYMENTS))["items"]
    except (ForbiddenError, NotFoundError):
        return None
    for deployment in found:
        if values := [value for value in given(deployment, _FLAG) if value.isdecimal()]:
            return int(values[-1])
    return _DEFAULT_S
