"""Which Secret with a certificate the Ingress names.

The one that the spec asks for; but while that holds no certificate yet, the one that the Ingress names already.
So nobody is without TLS while a new source of certificates has not delivered.
"""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.api.endpoint import EndpointSpec
from parley_operator.api.tls import CertManager
from parley_operator.render.facts import Facts
from parley_operator.render.names import authority_name, base_name, issued_name, self_signed_name
from parley_operator.render.rendered import ObjectKey


def tls_secret_name(name: str, endpoint: EndpointSpec) -> str | None:
    """The Secret that the spec asks for; None where it asks for no certificate."""
    tls = endpoint.ingress.tls if endpoint.ingress else None
    if tls is None:
        return None
    if tls.secret_ref is not None:
        return tls.secret_ref.name
    return issued_name(name) if tls.cert_manager else self_signed_name(name)


def cert_manager(resource: VoiceDeployment) -> CertManager | None:
    """What cert-manager is asked for, if it is."""
    endpoint = resource.spec.endpoint
    tls = endpoint.ingress.tls if endpoint and endpoint.ingress else None
    return tls.cert_manager if tls else None


def served_secret(resource: VoiceDeployment, facts: Facts) -> str | None:
    """The Secret that the Ingress names; None where it serves plain connections."""
    endpoint = resource.spec.endpoint
    wanted = tls_secret_name(resource.metadata.name, endpoint) if endpoint else None
    if wanted is None or facts.ingress_secret is None:
        return wanted
    is_own = wanted == self_signed_name(resource.metadata.name) and facts.tls is not None
    return wanted if is_own or facts.served_certificate else facts.ingress_secret


def still_served(resource: VoiceDeployment, facts: Facts) -> set[ObjectKey]:
    """Objects of ours that the certificate needs which is served until the one that was asked for is there."""
    endpoint, name = resource.spec.endpoint, resource.metadata.name
    served = served_secret(resource, facts)
    if served is None or endpoint is None or served == tls_secret_name(name, endpoint):
        return set()
    return {
        self_signed_name(name): {
            ObjectKey("Secret", authority_name(name)),
            ObjectKey("Secret", self_signed_name(name)),
        },
        issued_name(name): {ObjectKey("Certificate", base_name(name))},
    }.get(served, set())
