"""Which hosts of a resource an older one has, as the operator would find."""

from __future__ import annotations

from parley_cli.cluster import Cluster
from parley_operator.hosts import HostClaims
from parley_operator.kube.errors import ForbiddenError
from parley_operator.kube.objects import Json

_LATER = "9999-12-31T23:59:59Z"
"""Of one that is yet to be made: all that are there are older."""


async def taken_hosts(cluster: Cluster, live: Json | None, then: Json) -> dict[str, str]:
    """Hosts of a resource, now or then, and the namespace/name that has them.

    Who may not look into other namespaces sees those of their own alone.
    """
    states = [live, then] if live else [_yet_to_be_made(then)]
    if not any((one["spec"].get("endpoint") or {}).get("hosts") for one in states):
        return {}
    try:
        found = await cluster.voice_deployments(everywhere=True)
    except ForbiddenError:
        found = await cluster.voice_deployments()
    claims = HostClaims()
    for body in found:
        claims.update(_key(body), body)
    taken: dict[str, str] = {}
    for state in states:
        claims.update(_key(state), state)
        taken |= claims.taken(_key(state))
    return taken


def _yet_to_be_made(body: Json) -> Json:
    return {**body, "metadata": {**body["metadata"], "creationTimestamp": _LATER}}


def _key(body: Json) -> tuple[str, str]:
    return body["metadata"]["namespace"], body["metadata"]["name"]
