"""The Ingress itself, and the objects of its controller's own kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parley_operator.api import VoiceDeployment
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.facts import Facts
from parley_operator.render.ingress.dialect import Extra
from parley_operator.render.ingress.dialects import told
from parley_operator.render.ingress.exposure import Exposure, exposure
from parley_operator.render.labels import metadata
from parley_operator.render.names import base_name, child_name
from parley_operator.render.rendered import Manifest


def ingresses(resource: VoiceDeployment, facts: Facts) -> list[Manifest]:
    """What the controller's own objects are, the Ingress, and where needed another that redirects plain HTTP.

    None where the resource exposes nothing. Only the protocols' paths are exposed.
    """
    exposed = exposure(resource, facts)
    endpoint = resource.spec.endpoint
    if exposed is None or endpoint is None or endpoint.ingress is None:
        return []
    words = told(exposed, facts).words
    annotations = {**words.ingress, **(endpoint.ingress.annotations or {})}
    tls = {"tls": [{"hosts": list(exposed.hosts), "secretName": exposed.tls_secret}]} if exposed.tls_secret else {}
    manifests = [extra_object(resource, extra) for extra in words.extras]
    manifests.append(_ingress(resource, facts, exposed, suffix="", annotations=annotations, tls=tls))
    if words.redirect is not None:
        manifests.append(_ingress(resource, facts, exposed, suffix="redirect", annotations=words.redirect, tls={}))
    return manifests


def extra_object(resource: VoiceDeployment, extra: Extra) -> Manifest:
    """An object of a kind that the cluster may or may not serve."""
    name = resource.metadata.name
    return {
        "apiVersion": OPTIONAL[extra.kind].api_version,
        "kind": extra.kind,
        "metadata": metadata(resource, child_name(name, extra.suffix) if extra.suffix else base_name(name)),
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
) -> Manifest:
    name = resource.metadata.name
    class_name = _class_name(resource, facts)
    spec: dict[str, Any] = {
        **({"ingressClassName": class_name} if class_name else {}),
        **tls,
        "rules": [{"host": host, "http": {"paths": _paths(exposed)}} for host in exposed.hosts],
    }
    own_name = child_name(name, suffix) if suffix else base_name(name)
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata(resource, own_name, annotations=dict(annotations)),
        "spec": spec,
    }


def _class_name(resource: VoiceDeployment, facts: Facts) -> str | None:
    """None where an annotation names the class: the API server refuses both."""
    ingress = resource.spec.endpoint.ingress if resource.spec.endpoint else None
    if ingress is None or ingress.annotated_class is not None:
        return ingress.class_name if ingress else None
    return ingress.class_name or (facts.ingress_class.name if facts.ingress_class else None)


def _paths(exposed: Exposure) -> list[dict[str, Any]]:
    return [
        {
            "path": path,
            "pathType": "Exact",
            "backend": {"service": {"name": exposed.name, "port": {"name": "http"}}},
        }
        for path in exposed.paths
    ]
