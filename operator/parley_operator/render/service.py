"""The Service in front of the gateway."""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.render.facts import Facts
from parley_operator.render.gateway_api import route_exposure, route_told
from parley_operator.render.ingress import exposure, told
from parley_operator.render.labels import metadata, selector_labels
from parley_operator.render.names import child_name
from parley_operator.render.rendered import Manifest
from parley_operator.render.track import MAIN, Track


def service(resource: VoiceDeployment, facts: Facts, *, track: Track = MAIN) -> Manifest:
    """The Service. Some ingress controllers take their settings from here."""
    annotations = _annotations(resource, facts)
    name = child_name(resource.metadata.name, track.suffix)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(resource, name, annotations=annotations, track=track),
        "spec": {
            "type": "ClusterIP",
            "selector": selector_labels(resource, track=track),
            "ports": [
                {
                    "name": "http",
                    "port": 80,
                    "targetPort": "http",
                    "protocol": "TCP",
                    "appProtocol": "kubernetes.io/ws",
                }
            ],
        },
    }


def _annotations(resource: VoiceDeployment, facts: Facts) -> dict[str, str]:
    if exposed := exposure(resource, facts):
        return dict(told(exposed, facts).words.service)
    if route := route_exposure(resource, facts):
        return dict(route_told(route, facts).words.service)
    return {}
