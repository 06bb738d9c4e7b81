"""The PodDisruptionBudget."""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.render.labels import all_pods, metadata
from parley_operator.render.names import base_name
from parley_operator.render.rendered import Manifest


def pdb(resource: VoiceDeployment) -> Manifest:
    """One pod at a time leaves when nodes are drained; a broken one never holds a node back."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(resource, base_name(resource.metadata.name)),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": all_pods(resource),
        },
    }
