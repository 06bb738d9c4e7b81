"""The NetworkPolicy of a worker pool: the gateway alone comes in; out go DNS and the fetching of models."""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.api.worker_pools import WorkerPoolSpec
from parley_operator.render.egress import dns, plain, port, public_https
from parley_operator.render.labels import all_pods
from parley_operator.render.rendered import Manifest
from parley_operator.render.worker_labels import worker_metadata, worker_selector


def worker_policy(resource: VoiceDeployment, pool: WorkerPoolSpec) -> Manifest | None:
    """The policy; None where the spec wants none."""
    if resource.spec.network_policy.mode == "Disabled":
        return None
    gateway = {"podSelector": all_pods(resource)}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": worker_metadata(resource, pool),
        "spec": {
            "podSelector": {"matchLabels": worker_selector(resource, pool)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [gateway], "ports": [port(pool.port)]}],
            "egress": [*dns(), public_https(), *(plain(rule) for rule in pool.additional_egress or ())],
        },
    }
