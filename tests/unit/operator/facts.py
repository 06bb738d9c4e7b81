"""Facts for rendering in tests: a cluster where everything is there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from parley_operator.api import VoiceDeployment
from parley_operator.render import Facts, Manifest, Rendered
from parley_operator.render.facts import IngressClass, TlsMaterial
from parley_operator.render.names import base_name
from parley_operator.render.references import Presence, ReferencedValue, referenced_value, references

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TRAEFIK = IngressClass("traefik", "traefik.io/ingress-controller")
INGRESS_NGINX = IngressClass("nginx", "k8s.io/ingress-nginx")
UNKNOWN = IngressClass("other", "example.com/ingress")

# Rendering copies these bytes and reads none of them; test_renewal.py has real certificates.
TLS = TlsMaterial(
    ca_certificate=b"authority\n", ca_key=b"authority key\n", certificate=b"certificate\n", key=b"key\n"
)

FACTS = Facts(
    release="0.1",
    image_repository="example.com/parley/gateway",
    ingress_class=TRAEFIK,
    now=NOW,
    salt="salt",
    token="an access token",
    tls=TLS,
)


def parse(document: dict[str, Any], *, uid: str = "7d8f") -> VoiceDeployment:
    """The resource as if an API server had stored it."""
    metadata = {"namespace": "default", **document["metadata"], "uid": uid}
    return VoiceDeployment.parse({**document, "metadata": metadata})


def with_values(resource: VoiceDeployment, content: dict[str, str] | None = None) -> Facts:
    """The facts with every reference present; `content` gives values by their key."""
    values = {}
    for reference in references(resource):
        key = reference.target.key
        data = {key: (content or {}).get(key, f"value of {key}").encode()}
        values[reference.target] = referenced_value(data, key=key, salt="salt")
    return replace(FACTS, values=values, issued_for=base_name(resource.metadata.name))


def without_value(resource: VoiceDeployment, name: str, presence: Presence) -> Facts:
    """The facts where everything is there but what the object of that name should hold."""
    facts = with_values(resource)
    values = {
        target: ReferencedValue(presence) if target.name == name else value
        for target, value in facts.values.items()
    }
    return replace(facts, values=values)


def of_kind(rendered: Rendered, kind: str) -> list[Manifest]:
    return [manifest for manifest in rendered.manifests if manifest["kind"] == kind]


def the(rendered: Rendered, kind: str) -> Manifest:
    (manifest,) = of_kind(rendered, kind)
    return manifest


def pod_template(rendered: Rendered) -> Manifest:
    template: Manifest = the(rendered, "Deployment")["spec"]["template"]
    return template
