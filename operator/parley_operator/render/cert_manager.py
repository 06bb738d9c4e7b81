"""The Certificate by which cert-manager gets the endpoint's certificate, renews it, and keeps it in a Secret.

That Secret is cert-manager's: it outlives the Certificate unless cert-manager runs with
--enable-certificate-owner-ref, so that a resource which is made again need not ask the issuer again.
"""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.facts import Facts
from parley_operator.render.ingress.exposure import own_hosts
from parley_operator.render.labels import NAME, metadata
from parley_operator.render.names import base_name, issued_name
from parley_operator.render.presence import presence
from parley_operator.render.references import Presence, Purpose, Reference, references
from parley_operator.render.rendered import Manifest
from parley_operator.render.said import said
from parley_operator.render.served_secret import cert_manager

USAGES = ("digital signature", "server auth")
"""What a server's ECDSA key does in TLS 1.2 and 1.3: it signs, and encrypts no other key."""


def certificate(resource: VoiceDeployment, facts: Facts) -> Manifest | None:
    """The Certificate; None where none is asked for, or none can be made."""
    wanted, endpoint = cert_manager(resource), resource.spec.endpoint
    if wanted is None or endpoint is None or "Certificate" not in facts.apis or is_taken(resource, facts):
        return None
    hosts = own_hosts(endpoint, facts)
    if not hosts:
        return None
    name = resource.metadata.name
    return {
        "apiVersion": OPTIONAL["Certificate"].api_version,
        "kind": "Certificate",
        "metadata": metadata(resource, base_name(name)),
        "spec": {
            "secretName": issued_name(name),
            "secretTemplate": {"labels": {"app.kubernetes.io/part-of": "parley", NAME: base_name(name)}},
            "dnsNames": list(hosts),
            "issuerRef": {
                "group": wanted.issuer_ref.group,
                "kind": wanted.issuer_ref.kind,
                "name": wanted.issuer_ref.name,
            },
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "usages": list(USAGES),
            **said(duration=wanted.duration, renewBefore=wanted.renew_before),
        },
    }


def is_taken(resource: VoiceDeployment, facts: Facts) -> bool:
    """Whether the Secret that cert-manager would write is somebody else's: a user's, or another Certificate's."""
    if facts.issuance is not None or not is_there(resource, facts):
        return False
    return facts.issued_for != base_name(resource.metadata.name)


def is_there(resource: VoiceDeployment, facts: Facts) -> bool:
    """Whether the Secret that cert-manager fills is known to exist."""
    known = (reference for reference in issued_values(resource) if reference.target in facts.values)
    return any(presence(reference, facts) is not Presence.OBJECT_MISSING for reference in known)


def issued_values(resource: VoiceDeployment) -> list[Reference]:
    """What cert-manager puts into the Secret."""
    return [reference for reference in references(resource) if reference.purpose is Purpose.ISSUED]
