"""What of each child matters: the part that the inventory keeps, whose change wakes the resource.

Everything else that controllers write into a status (an autoscaler writes every 15 seconds) is noise.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from sys import intern
from typing import TYPE_CHECKING, Any

from parley_operator.kube.objects import Data, Json, decode_data
from parley_operator.kube.ownership import digest, owns
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.labels import COMPONENT
from parley_operator.render.worker_labels import POOL

if TYPE_CHECKING:
    from parley_operator.kube.inventory import View

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
"""By this annotation a ReplicaSet chooses which of its pods goes first."""
TEMPLATE_HASH = "pod-template-hash"
"""The label that a ReplicaSet has beside those of its Deployment's template."""
CONFIG_VOLUME = "config"
"""The pod's volume that mounts the gateway's configuration."""

_COUNTS = ("observedGeneration", "updatedReplicas", "readyReplicas", "availableReplicas")


def deployment(body: Json) -> Json:
    """Replicas, who scales, which template it has, and the state of the rollout."""
    status = body.get("status") or {}
    return {
        "generation": body["metadata"].get("generation", 0),
        "replicas": body["spec"].get("replicas"),
        "replicas_seen": status.get("replicas", 0),
        "claimed": _is_claimed(body),
        "template": digest(body["spec"]["template"]),
        **{name: status.get(name, 0) for name in _COUNTS},
        "conditions": _conditions(status),
    }


def replica_set(body: Json) -> Json:
    """Whose its pods are (as in `pod`), their configuration and template, and whether there are to be any."""
    volumes = body["spec"]["template"]["spec"].get("volumes") or []
    names = [volume["configMap"]["name"] for volume in volumes if volume["name"] == CONFIG_VOLUME]
    return {
        "pool": (body["metadata"].get("labels") or {}).get(POOL),
        "config": names[0] if names else None,
        "template": digest(_as_in_deployment(body["spec"]["template"])),
        "makes_pods": body["spec"].get("replicas") != 0,
    }


def pod(body: Json) -> Json:
    """Whose it is (pool None: the gateway's), whether it serves, and what its deletion costs."""
    metadata, status = body["metadata"], body.get("status") or {}
    labels = metadata.get("labels") or {}
    return {
        "pool": labels.get(POOL),
        "component": labels.get(COMPONENT, ""),
        "address": status.get("podIP", ""),
        "deletion_cost": (metadata.get("annotations") or {}).get(DELETION_COST),
        "phase": status.get("phase", "Pending"),
        "leaving": "deletionTimestamp" in metadata,
        "containers": [_container(container) for container in status.get("containerStatuses") or []],
        "unschedulable": next(
            (
                condition.get("message", "")
                for condition in status.get("conditions") or []
                if condition["type"] == "PodScheduled" and condition.get("reason") == "Unschedulable"
            ),
            None,
        ),
    }


def ingress(body: Json) -> Json:
    """The addresses that the controller published, and the Secret with its certificate."""
    status, named = body.get("status") or {}, body["spec"].get("tls") or [{}]
    addresses = (status.get("loadBalancer") or {}).get("ingress") or []
    return {"addresses": addresses, "secret": named[0].get("secretName")}


def route(body: Json) -> Json:
    """What the controllers of its parents say of it."""
    parents = (body.get("status") or {}).get("parents") or []
    own = body["metadata"]["namespace"]
    return {
        "generation": body["metadata"].get("generation", 0),
        "wanted": [_parent(parent, own) for parent in body["spec"].get("parentRefs") or []],
        "parents": [
            {
                "parent": _parent(parent["parentRef"], own),
                "controller": parent["controllerName"],
                "conditions": [
                    {**condition, "observedGeneration": seen.get("observedGeneration", 0)}
                    for seen, condition in zip(parent.get("conditions") or [], _conditions(parent), strict=True)
                ],
            }
            for parent in parents
        ],
    }


def certificate(body: Json) -> Json:
    """What cert-manager says of it as it is now, not as it was, and when it will renew it."""
    status, generation = body.get("status") or {}, body["metadata"].get("generation", 0)
    current = [c for c in status.get("conditions") or [] if c.get("observedGeneration", generation) >= generation]
    return {"conditions": _conditions({"conditions": current}), "renewalTime": status.get("renewalTime")}


def autoscaler(body: Json) -> Json:
    """What keeps it from scaling, and whether it wants more than it may. Its other words change all the time."""
    found = {condition["type"]: condition for condition in _conditions(body.get("status") or {})}
    known = [found[kind] for kind in ("AbleToScale", "ScalingActive") if kind in found]
    limited = found.get("ScalingLimited", {})
    return {
        "told": "ScalingActive" in found,
        "trouble": next((condition for condition in known if condition["status"] == "False"), None),
        "at_most": (limited.get("status"), limited.get("reason")) == ("True", "TooManyReplicas"),
    }


def scaled_object(body: Json) -> Json:
    """Whether KEDA takes it. Whether it is active at the moment changes with the load."""
    conditions = {condition["type"]: condition for condition in _conditions(body.get("status") or {})}
    return {"leaving": "deletionTimestamp" in body["metadata"], "ready": conditions.get("Ready")}


def network_policy(body: Json) -> Json:
    """Where it lets pods out to, as text: most policies share theirs. None where that is not our doing."""
    egress = body["spec"].get("egress") or []
    return {"egress": intern(json.dumps(egress)) if owns(body, "spec", "egress") else None}


def claim(body: Json) -> Json:
    """What it was made with, and whether there is a volume for it."""
    spec = body["spec"]
    return {
        "size": spec["resources"]["requests"]["storage"],
        "storage_class": spec.get("storageClassName"),
        "access_modes": spec.get("accessModes") or [],
        "phase": (body.get("status") or {}).get("phase", "Pending"),
    }


@dataclass(frozen=True)
class _Sealed:
    """What no log may show."""

    data: Data = field(repr=False)


def secret(body: Json) -> Json:
    """What is in it: the operator made it, and must not make it anew."""
    return {"sealed": _Sealed(decode_data(body, kind="Secret"))}


def unsealed(view: Json) -> Data:
    """The data of a Secret, from its view."""
    sealed: _Sealed = view["sealed"]
    return sealed.data


def nothing(_: Json) -> Json:
    """For objects of which only our own fields matter."""
    return {}


def controller_revision(body: Json) -> Json:
    """Its number among its resource's."""
    return {"revision": body["revision"]}


VIEWS: dict[str, View] = {
    **dict.fromkeys(OPTIONAL, nothing),
    "Certificate": certificate,
    "HTTPRoute": route,
    "ConfigMap": nothing,
    "ControllerRevision": controller_revision,
    "Deployment": deployment,
    "HorizontalPodAutoscaler": autoscaler,
    "Ingress": ingress,
    "NetworkPolicy": network_policy,
    "PersistentVolumeClaim": claim,
    "Pod": pod,
    "PodDisruptionBudget": nothing,
    "ReplicaSet": replica_set,
    "ScaledObject": scaled_object,
    "Secret": secret,
    "Service": nothing,
    "ServiceAccount": nothing,
}

WATCHED: dict[str, tuple[str, str, str]] = {
    "ConfigMap": ("", "v1", "configmaps"),
    "ControllerRevision": ("apps", "v1", "controllerrevisions"),
    "Deployment": ("apps", "v1", "deployments"),
    "HorizontalPodAutoscaler": ("autoscaling", "v2", "horizontalpodautoscalers"),
    "Ingress": ("networking.k8s.io", "v1", "ingresses"),
    "NetworkPolicy": ("networking.k8s.io", "v1", "networkpolicies"),
    "PersistentVolumeClaim": ("", "v1", "persistentvolumeclaims"),
    "Pod": ("", "v1", "pods"),
    "PodDisruptionBudget": ("policy", "v1", "poddisruptionbudgets"),
    "ReplicaSet": ("apps", "v1", "replicasets"),
    "Secret": ("", "v1", "secrets"),
    "Service": ("", "v1", "services"),
    "ServiceAccount": ("", "v1", "serviceaccounts"),
}
"""Group, version and plural of every kind that is watched by label and that every cluster serves."""

PRUNED = frozenset(VIEWS) - {"Pod", "ReplicaSet"}
"""Kinds that we make and therefore remove; pods and replica sets are their controllers'."""


def _is_claimed(deployment: Json) -> bool:
    """Whether anybody has said the replicas: we, an autoscaler, or a person. One is only the server's default."""
    owned = (entry.get("fieldsV1") or {} for entry in deployment["metadata"].get("managedFields") or ())
    return any("f:replicas" in fields.get("f:spec", {}) for fields in owned)


def _as_in_deployment(template: Json) -> Json:
    """A ReplicaSet's template as the Deployment has it: so its controller tells which is whose."""
    metadata = template["metadata"]
    labels = {name: value for name, value in metadata["labels"].items() if name != TEMPLATE_HASH}
    return {**template, "metadata": {**metadata, "labels": labels}}


def _conditions(status: Json) -> list[dict[str, Any]]:
    return [
        {name: condition.get(name, "") for name in ("type", "status", "reason", "message")}
        for condition in status.get("conditions") or []
    ]


def _parent(ref: Json, own: str) -> str:
    """A parent in words: its kind, its name and its listener. Controllers write defaults out or leave them out."""
    listener = f", listener {ref['sectionName']}" if ref.get("sectionName") else ""
    return f"{ref.get('kind') or 'Gateway'} {ref.get('namespace') or own}/{ref['name']}{listener}"


def _container(status: Json) -> Json:
    waiting = (status.get("state") or {}).get("waiting") or {}
    ended = (status.get("lastState") or {}).get("terminated") or {}
    return {
        "name": status["name"],
        "image": status.get("image", ""),
        "ready": bool(status.get("ready")),
        "waiting": waiting.get("reason", ""),
        "message": waiting.get("message", ""),
        "exit_code": ended.get("exitCode"),
    }
