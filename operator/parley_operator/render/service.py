"""The Service in front of the gateway."""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.render.facts import Facts
from parley_operator.render.gateway_api import route_exposure, route_told
from parley_operator.render.ingress import exposure, told
from parley_operator.render.labels import metadata, selector_labels
from parley_operator.render.names import base_name
from parley_operator.render.rendered import Manifest


def service(resource: VoiceDeployment, facts: Facts) -> Manifest:
    """The Service. Some ingress controllers take their settings from here."""
    annotations = _annotations(resource, facts)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(resource, base_name(resource.metadata.name), annotations=annotations),
        "spec": {
            "type": "ClusterIP",
            "selector": selector_labels(resource),
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
