"""Labels that every child carries, and the selector that finds a resource's pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from parley_operator.api import API_VERSION, KIND
from parley_operator.render.names import base_name
from parley_operator.render.rendered import Manifest
from parley_operator.render.track import MAIN, TRACKS, Track

if TYPE_CHECKING:
    from parley_operator.api import VoiceDeployment

MANAGED_BY = "app.kubernetes.io/managed-by"
NAME = "parley.dev/name"
COMPONENT = "app.kubernetes.io/component"
CHILD_SELECTOR = f"{MANAGED_BY}=parley"
"""Finds every child of every VoiceDeployment; for watches."""


def selector_labels(resource: VoiceDeployment, *, track: Track = MAIN) -> dict[str, str]:
    """The labels that find the gateway's pods. A Deployment's selector can never change: nor can these."""
    return {NAME: base_name(resource.metadata.name), COMPONENT: track.component}


def all_pods(resource: VoiceDeployment) -> dict[str, Any]:
    """A selector that finds the gateway's pods of every track, for what holds for a canary too."""
    components = {"key": COMPONENT, "operator": "In", "values": [track.component for track in TRACKS]}
    return {"matchLabels": {NAME: base_name(resource.metadata.name)}, "matchExpressions": [components]}


def selector(resource: VoiceDeployment) -> str:
    """The same as text, for status.selector."""
    return ",".join(f"{key}={value}" for key, value in sorted(selector_labels(resource).items()))


def labels(resource: VoiceDeployment, *, track: Track = MAIN) -> dict[str, str]:
    """The labels of every child."""
    return {
        "app.kubernetes.io/name": "parley-gateway",
        "app.kubernetes.io/instance": base_name(resource.metadata.name),
        "app.kubernetes.io/part-of": "parley",
        MANAGED_BY: "parley",
        **selector_labels(resource, track=track),
    }


def metadata(
    resource: VoiceDeployment, name: str, *, annotations: dict[str, str] | None = None, track: Track = MAIN
) -> Manifest:
    """The metadata of a child: named, labelled and owned.

    The owner does not block its deletion on children: that would need rights on finalizers, and gains nothing.
    """
    owner = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "name": resource.metadata.name,
        "uid": resource.metadata.uid,
        "controller": True,
        "blockOwnerDeletion": False,
    }
    return {
        "name": name,
        "namespace": resource.metadata.namespace,
        "labels": labels(resource, track=track),
        **({"annotations": annotations} if annotations else {}),
        # A resource that no API server has seen has no uid, and an owner without one is refused.
        **({"ownerReferences": [owner]} if resource.metadata.uid else {}),
    }
