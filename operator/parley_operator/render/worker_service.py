"""What stands before and beside a worker pool: its Service, its ServiceAccount and its PodDisruptionBudget."""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.api.worker_pools import WorkerPoolSpec
from parley_operator.render.rendered import Manifest
from parley_operator.render.worker_labels import worker_metadata, worker_name, worker_selector


def worker_url(resource: VoiceDeployment, pool: WorkerPoolSpec) -> str:
    """Where the gateway finds the pool; with `.svc`, which is on most lists of hosts that no proxy is for."""
    path = pool.api_path.rstrip("/")
    return f"http://{worker_name(resource, pool)}.{resource.metadata.namespace}.svc{path}"


def worker_service(resource: VoiceDeployment, pool: WorkerPoolSpec) -> Manifest:
    """The Service. Its port is always 80, so that the address says nothing that could change."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": worker_metadata(resource, pool),
        "spec": {
            "type": "ClusterIP",
            "selector": worker_selector(resource, pool),
            "ports": [
                {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP", "appProtocol": "http"}
            ],
        },
    }


def worker_account(resource: VoiceDeployment, pool: WorkerPoolSpec) -> Manifest:
    """The pool's own ServiceAccount: a third party's image is not given the gateway's identity in a cloud."""
    annotations = dict(pool.service_account_annotations or {})
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": worker_metadata(resource, pool, annotations=annotations),
        "automountServiceAccountToken": False,
    }


def worker_budget(resource: VoiceDeployment, pool: WorkerPoolSpec) -> Manifest:
    """One worker at a time leaves when nodes are drained; a broken one never holds a node back."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": worker_metadata(resource, pool),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": worker_selector(resource, pool)},
        },
    }
