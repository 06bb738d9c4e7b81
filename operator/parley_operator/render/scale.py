"""Replicas, which belong to a field manager of their own.

Under an autoscaler they are set when the Deployment is new and when a suspension ends, and never else: applying
a number again would undo what the autoscaler decided. While one engine hands over to another, or to a fixed
number, nobody sets them.
"""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.api.scaling import DEFAULT_MIN_REPLICAS
from parley_operator.render.engines import leaving
from parley_operator.render.facts import Facts
from parley_operator.render.names import base_name
from parley_operator.render.rendered import Manifest


def wanted_replicas(resource: VoiceDeployment, facts: Facts) -> int | None:
    """The replicas to apply; None leaves them as they are."""
    if resource.spec.suspend:
        return 0
    if not facts.replicas and resource.spec.scaling.type != "Fixed":
        return resource.spec.scaling.min_replicas or DEFAULT_MIN_REPLICAS
    if resource.spec.scaling.type == "Fixed" and leaving(resource, facts) is None:
        return resource.spec.replicas
    return None


def scale(resource: VoiceDeployment, facts: Facts) -> Manifest | None:
    """What the field manager `parley-scale` applies; None leaves the replicas as they are."""
    replicas = wanted_replicas(resource, facts)
    if replicas is None:
        return None
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": base_name(resource.metadata.name), "namespace": resource.metadata.namespace},
        "spec": {"replicas": replicas},
    }
