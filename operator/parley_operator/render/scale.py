"""Replicas, which belong to a field manager of their own.

Under an autoscaler they are set when the Deployment is new and when a suspension ends, and never else: applying
a number again would undo what the autoscaler decided.
"""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.api.scaling import DEFAULT_MIN_REPLICAS
from parley_operator.render.names import base_name
from parley_operator.render.rendered import Manifest


def wanted_replicas(resource: VoiceDeployment, live: int | None) -> int | None:
    """The replicas to apply; None leaves them to the autoscaler.

    Args:
        resource: the resource.
        live: `spec.replicas` of the Deployment before this pass; None if there is no Deployment.
    """
    if resource.spec.suspend:
        return 0
    if resource.spec.scaling.type == "Fixed":
        return resource.spec.replicas
    if not live:
        return resource.spec.scaling.min_replicas or DEFAULT_MIN_REPLICAS
    return None


def scale(resource: VoiceDeployment, live: int | None) -> Manifest | None:
    """What the field manager `parley-scale` applies; None leaves the replicas as they are."""
    replicas = wanted_replicas(resource, live)
    if replicas is None:
        return None
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": base_name(resource.metadata.name), "namespace": resource.metadata.namespace},
        "spec": {"replicas": replicas},
    }
