"""The Ingress itself, and the objects of its controller's own kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parley_operator.api import VoiceDeployment
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.facts import Facts
from parley_operator.render.ingress.canary import shared
from parley_operator.render.ingress.dialect import Extra, Words
from parley_operator.render.ingress.dialects import told
from parley_operator.render.ingress.exposure import Exposure, exposure
from parley_operator.render.labels import metadata
from parley_operator.render.names import child_name
from parley_operator.render.rendered import Manifest
from parley_operator.render.track import CANARY


def ingresses(resource: VoiceDeployment, facts: Facts, *, share: int = 0) -> list[Manifest]:
    """What the controller's own objects are, the Ingress, and where needed another that redirects plain HTTP.

    None where the resource exposes nothing. Only the protocols' paths are exposed. `share` is the percentage of
    new connections that goes to a canary; where there is one, an object says so last.
    """
    exposed = exposure(resource, facts)
    endpoint = resource.spec.endpoint
    if exposed is None or endpoint is None or endpoint.ingress is None:
        return []
    words = told(exposed, facts).words + (shared(exposed, facts, share=share) if share else Words())
    annotations = {**words.ingress, **(endpoint.ingress.annotations or {})}
    tls = {"tls": [{"hosts": list(exposed.hosts), "secretName": exposed.tls_secret}]} if exposed.tls_secret else {}
    manifests = [extra_object(resource, extra) for extra in words.extras]
    manifests.append(_ingress(resource, facts, exposed, suffix="", annotations=annotations, tls=tls))
    if words.redirect is not None:
        manifests.append(_ingress(resource, facts, exposed, suffix="redirect", annotations=words.redirect, tls={}))
    if words.canary is not None:
        name = exposed.canary_name
        lead = _ingress(
            resource, facts, exposed, suffix=CANARY.suffix, annotations=words.canary, tls={}, service=name
        )
        manifests.append(lead)
    return manifests


def extra_object(resource: VoiceDeployment, extra: Extra) -> Manifest:
    """An object of a kind that the cluster may or may not serve."""
    name = resource.metadata.name
    return {
        "apiVersion": OPTIONAL[extra.kind].api_version,
        "kind": extra.kind,
        "metadata": metadata(resource, child_name(name, extra.suffix), annotations=dict(extra.annotations)),
        **extra.body,
    }


def _ingress(
    resource: VoiceDeployment,
    facts: Facts,
    exposed: Exposure,
    *,
    suffix: str,
    annotations: Mapping[str, str],
    tls: Mapping[str, Any],
    service: str | None = None,
) -> Manifest:
    """`service` is where it leads, where that is not the resource's own Service."""
    name = resource.metadata.name
    class_name = _class_name(resource, facts)
    spec: dict[str, Any] = {
        **({"ingressClassName": class_name} if class_name else {}),
        **tls,
        "rules": [
            {"host": host, "http": {"paths": _paths(exposed, service or exposed.name)}} for host in exposed.hosts
        ],
    }
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata(resource, child_name(name, suffix), annotations=dict(annotations)),
        "spec": spec,
    }


def _class_name(resource: VoiceDeployment, facts: Facts) -> str | None:
    """None where an annotation names the class: the API server refuses both."""
    ingress = resource.spec.endpoint.ingress if resource.spec.endpoint else None
    if ingress is None or ingress.annotated_class is not None:
        return ingress.class_name if ingress else None
    return ingress.class_name or (facts.ingress_class.name if facts.ingress_class else None)


def _paths(exposed: Exposure, service: str) -> list[dict[str, Any]]:
    return [
        {
            "path": path,
            "pathType": "Exact",
            "backend": {"service": {"name": service, "port": {"name": "http"}}},
        }
        for path in exposed.paths
    ]
