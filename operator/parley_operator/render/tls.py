"""The Secrets of a self-signed certificate: the authority's, mounted nowhere, and the one the Ingress serves."""

from __future__ import annotations

from collections.abc import Mapping

from parley_operator.api import VoiceDeployment
from parley_operator.render import certificates
from parley_operator.render.facts import Facts, TlsMaterial
from parley_operator.render.names import authority_name, self_signed_name
from parley_operator.render.rendered import Manifest, ServedCertificate
from parley_operator.render.renewal import renew_after
from parley_operator.render.secret import secret
from parley_operator.render.served_secret import cert_manager, tls_secret_name

CERTIFICATE = "tls.crt"
KEY = "tls.key"
AUTHORITIES = "ca.crt"
NEXT_CERTIFICATE = "next.crt"
NEXT_KEY = "next.key"
PREVIOUS_CERTIFICATE = "previous.crt"


def is_self_signed(resource: VoiceDeployment) -> bool:
    """Whether the operator makes the certificate."""
    endpoint = resource.spec.endpoint
    tls = endpoint.ingress.tls if endpoint and endpoint.ingress else None
    return tls is not None and tls.self_signed is not None


def tls_secrets(resource: VoiceDeployment, facts: Facts) -> list[Manifest]:
    """Both Secrets; none where there is nothing to write."""
    if not is_self_signed(resource) or facts.tls is None:
        return []
    material = facts.tls
    authority = {
        CERTIFICATE: material.ca_certificate,
        KEY: material.ca_key,
        NEXT_CERTIFICATE: material.next_ca_certificate,
        NEXT_KEY: material.next_ca_key,
        PREVIOUS_CERTIFICATE: material.previous_ca_certificate,
    }
    served = {CERTIFICATE: material.certificate, KEY: material.key, AUTHORITIES: authorities(material)}
    present = {key: value for key, value in authority.items() if value is not None}
    return [
        secret(resource, authority_name(resource.metadata.name), present),
        secret(resource, self_signed_name(resource.metadata.name), served, kind="kubernetes.io/tls"),
    ]


def authorities(material: TlsMaterial) -> bytes:
    """What clients trust: the authority with the one before and the one after it."""
    published = (material.ca_certificate, material.next_ca_certificate, material.previous_ca_certificate)
    return b"".join(pem for pem in published if pem)


def material(authority: Mapping[str, bytes] | None, served: Mapping[str, bytes] | None) -> TlsMaterial | None:
    """The material in the data of both Secrets; None where the authority is not there."""
    if not authority or CERTIFICATE not in authority or KEY not in authority:
        return None
    served = served or {}
    return TlsMaterial(
        ca_certificate=authority[CERTIFICATE],
        ca_key=authority[KEY],
        next_ca_certificate=authority.get(NEXT_CERTIFICATE),
        next_ca_key=authority.get(NEXT_KEY),
        previous_ca_certificate=authority.get(PREVIOUS_CERTIFICATE),
        certificate=served.get(CERTIFICATE, b""),
        key=served.get(KEY, b""),
    )


def served_certificate(resource: VoiceDeployment, facts: Facts) -> ServedCertificate | None:
    """The certificate that the spec asks for, for the status."""
    endpoint = resource.spec.endpoint
    name = tls_secret_name(resource.metadata.name, endpoint) if endpoint else None
    if name is None:
        return None
    if not is_self_signed(resource):
        expiry = facts.served_certificate.not_after if facts.served_certificate else None
        due = facts.issuance.renew_after if cert_manager(resource) and facts.issuance else None
        return ServedCertificate(name, expiry, due)
    described = certificates.describe(facts.tls.certificate) if facts.tls else None
    if described is None:
        return ServedCertificate(name, None, None)
    due = renew_after(described.not_after, seed=resource.metadata.uid)
    return ServedCertificate(name, described.not_after, due)
