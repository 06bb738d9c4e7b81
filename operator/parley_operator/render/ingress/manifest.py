"""The Ingress itself."""

from __future__ import annotations

from typing import Any

from parley_operator.api import VoiceDeployment
from parley_operator.render.facts import Facts
from parley_operator.render.ingress.common import Exposure, exposure
from parley_operator.render.ingress.dialects import ingress_dialect
from parley_operator.render.labels import metadata
from parley_operator.render.names import base_name
from parley_operator.render.rendered import Manifest


def ingress(resource: VoiceDeployment, facts: Facts) -> Manifest | None:
    """The Ingress; None where the resource exposes nothing. Only the protocols' paths are exposed."""
    exposed = exposure(resource, facts)
    endpoint = resource.spec.endpoint
    if exposed is None or endpoint is None or endpoint.ingress is None:
        return None
    own = ingress_dialect(facts).ingress_annotations(exposed)
    name = base_name(resource.metadata.name)
    class_name = endpoint.ingress.class_name or (facts.ingress_class.name if facts.ingress_class else "")
    spec: dict[str, Any] = {
        **({"ingressClassName": class_name} if class_name else {}),
        **({"tls": [_tls(exposed)]} if exposed.tls_secret else {}),
        "rules": [{"host": host, "http": {"paths": _paths(exposed, name)}} for host in exposed.hosts],
    }
    annotations = {**own, **(endpoint.ingress.annotations or {})}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata(resource, name, annotations=annotations),
        "spec": spec,
    }


def _tls(exposed: Exposure) -> dict[str, Any]:
    return {"hosts": list(exposed.hosts), "secretName": exposed.tls_secret}


def _paths(exposed: Exposure, service: str) -> list[dict[str, Any]]:
    return [
        {
            "path": path,
            "pathType": "Exact",
            "backend": {"service": {"name": service, "port": {"name": "http"}}},
        }
        for path in exposed.paths
    ]
