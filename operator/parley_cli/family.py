"""A VoiceDeployment and what it has become, as it is in the cluster now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parley_cli.cluster import Cluster
from parley_operator.kube.discovery import UnknownKindError
from parley_operator.kube.errors import ForbiddenError
from parley_operator.kube.objects import Json
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.labels import COMPONENT, NAME
from parley_operator.render.names import base_name
from parley_operator.render.track import TRACKS
from parley_operator.views import WATCHED

_KINDS = {**WATCHED, **OPTIONAL}
"""Every kind that the operator makes, and the pods that come of it; a cluster may lack those of others."""


@dataclass(frozen=True, slots=True)
class Child:
    """An object that belongs to a resource."""

    kind: str
    name: str
    state: str
    """In a word or two; empty where there is nothing to say."""
    owner: str
    """Name of the object that controls it."""
    since: str
    """When it was created, in RFC 3339."""


@dataclass(frozen=True, slots=True)
class Family:
    """All children of one resource, and the kinds that could not be looked at."""

    children: tuple[Child, ...]
    hidden: tuple[str, ...]


async def family(cluster: Cluster, name: str) -> Family:
    """The children of a resource, in every kind that the operator makes."""
    listed = await asyncio.gather(*(_of_kind(cluster, kind, name) for kind in sorted(_KINDS)))
    children = [child for _, found in listed for child in found or ()]
    return Family(tuple(children), tuple(kind for kind, found in listed if found is None))


async def pods(cluster: Cluster, name: str) -> list[Json]:
    """The gateway's pods of a resource, a canary's among them, by name."""
    components = ",".join(track.component for track in TRACKS)
    found = await _list(cluster, "Pod", name, f"{COMPONENT} in ({components})")
    return sorted(found, key=lambda pod: str(pod["metadata"]["name"]))


async def _of_kind(cluster: Cluster, kind: str, name: str) -> tuple[str, list[Child] | None]:
    try:
        found = await _list(cluster, kind, name)
    except ForbiddenError:
        return kind, None
    except UnknownKindError:
        return kind, []
    return kind, sorted((_child(kind, body) for body in found), key=lambda child: child.name)


async def _list(cluster: Cluster, kind: str, name: str, *further: str) -> list[Json]:
    group, version, _ = _KINDS[kind]
    path = await cluster.collection(kind, f"{group}/{version}".lstrip("/"))
    selector = {"labelSelector": ",".join((f"{NAME}={base_name(name)}", *further))}
    # Of Secrets and ConfigMaps nothing but the name is wanted, and nothing else is asked for.
    is_content = kind in {"ConfigMap", "Secret"}
    items: list[Json] = (await cluster.client.list(path, selector, metadata_only=is_content))["items"]
    return items


def _child(kind: str, body: Json) -> Child:
    metadata = body["metadata"]
    owners = (owner["name"] for owner in metadata.get("ownerReferences") or () if owner.get("controller"))
    return Child(
        kind=kind,
        name=metadata["name"],
        state=_STATES.get(kind, _nothing)(body),
        owner=next(owners, ""),
        since=metadata["creationTimestamp"],
    )


def _nothing(_: Json) -> str:
    return ""


def _deployment(body: Json) -> str:
    status = body.get("status") or {}
    wanted = (body.get("spec") or {}).get("replicas", 0)
    return f"{status.get('readyReplicas', 0)}/{wanted} ready, {status.get('updatedReplicas', 0)} current"


def _replica_set(body: Json) -> str:
    status = body.get("status") or {}
    return f"{status.get('readyReplicas', 0)}/{(body.get('spec') or {}).get('replicas', 0)} ready"


def pod_state(body: Json) -> str:
    """What `kubectl get pods` would say, shortly."""
    if "deletionTimestamp" in body["metadata"]:
        return "Draining"
    status = body.get("status") or {}
    containers: list[dict[str, Any]] = status.get("containerStatuses") or []
    waiting = [((c.get("state") or {}).get("waiting") or {}).get("reason", "") for c in containers]
    trouble = next((reason for reason in waiting if reason and reason != "ContainerCreating"), None)
    if trouble:
        return str(trouble)
    ready = (one["status"] == "True" for one in status.get("conditions") or () if one["type"] == "Ready")
    return "Ready" if next(ready, False) else str(status.get("phase", "Pending"))


def _service(body: Json) -> str:
    spec = body["spec"]
    ports = ", ".join(str(port["port"]) for port in spec.get("ports") or ())
    return f"{spec.get('type', 'ClusterIP')} {spec.get('clusterIP', '')}:{ports}"


def _ingress(body: Json) -> str:
    addresses = ((body.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    found = ", ".join(str(one.get("hostname") or one.get("ip")) for one in addresses)
    return found or "no address yet"


def _autoscaler(body: Json) -> str:
    spec, status = body["spec"], body.get("status") or {}
    return f"{status.get('currentReplicas', 0)} of {spec.get('minReplicas', 1)} to {spec['maxReplicas']}"


def _claim(body: Json) -> str:
    status, modes = body.get("status") or {}, body["spec"].get("accessModes") or ()
    size = (status.get("capacity") or {}).get("storage") or body["spec"]["resources"]["requests"]["storage"]
    return f"{status.get('phase', 'Pending')}, {size}, {', '.join(modes)}"


def _budget(body: Json) -> str:
    return f"{(body.get('status') or {}).get('disruptionsAllowed', 0)} may be disrupted"


_STATES: dict[str, Callable[[Json], str]] = {
    "Deployment": _deployment,
    "HorizontalPodAutoscaler": _autoscaler,
    "Ingress": _ingress,
    "PersistentVolumeClaim": _claim,
    "Pod": pod_state,
    "PodDisruptionBudget": _budget,
    "ReplicaSet": _replica_set,
    "Service": _service,
}
