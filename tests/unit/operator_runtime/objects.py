"""Objects as watches bring them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
LABEL = "parley.dev/name"


def child(
    name: str = "child",
    *,
    uid: str = "c1",
    version: int = 1,
    owner: str = "receptionist",
    controller: str = "o1",
    fields: Json | None = None,
    namespace: str = "ns",
) -> Json:
    """A ConfigMap of a resource, with the fields of ours."""
    entry = {"manager": "parley", "operation": "Apply", "fieldsV1": fields or {"f:data": {}}}
    reference = {"kind": "VoiceDeployment", "name": owner, "uid": controller, "controller": True}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": uid,
            "resourceVersion": str(version),
            "labels": {LABEL: owner},
            "ownerReferences": [reference],
            "managedFields": [entry],
        },
    }


def resource(
    name: str,
    *hosts: str,
    uid: str = "",
    created: str = "2026-01-01T00:00:00Z",
    version: int = 1,
    generation: int = 1,
    status: Json | None = None,
    namespace: str = "ns",
) -> Json:
    """A VoiceDeployment that names hosts."""
    return {
        "apiVersion": "parley.dev/v1alpha1",
        "kind": "VoiceDeployment",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": uid or f"uid-{namespace}-{name}",
            "resourceVersion": str(version),
            "generation": generation,
            "creationTimestamp": created,
        },
        "spec": {"endpoint": {"hosts": list(hosts)}} if hosts else {},
        **({"status": status} if status else {}),
    }
