"""`spec.endpoint.ingress.tls`: which certificate the Ingress serves, and who makes and renews it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.durations import seconds
from parley_operator.api.references import LocalObjectRef
from parley_operator.api.values import Duration, ObjectName

CERT_MANAGER_GROUP = "cert-manager.io"
DEFAULT_DURATION = "2160h"
"""cert-manager's own: 90 days."""


class SelfSigned(ResourceModel):
    """A certificate that the operator makes itself and renews 30 days before it expires.

    Clients trust it by the ca.crt in the Secret NAME-tls.
    """


class IssuerRef(ResourceModel):
    """An issuer of cert-manager, or of a project that extends it."""

    group: Annotated[str, Field(max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")] = CERT_MANAGER_GROUP
    """API group of the issuer."""
    kind: Annotated[str, Field(max_length=63, pattern=r"^[A-Z][A-Za-z0-9]*$")] = "Issuer"
    """Its kind: Issuer, of the resource's own namespace, ClusterIssuer, or an extension's."""
    name: ObjectName
    """Its name."""


def _is_renewed_in_time(wanted: Any) -> bool:
    if wanted.renew_before is None:
        return True
    lifetime = seconds(wanted.duration or DEFAULT_DURATION)
    return 300 <= seconds(wanted.renew_before) < lifetime


class CertManager(ResourceModel):
    """A certificate for the endpoint's hosts that cert-manager, which must be installed, gets and renews.

    It keeps it in the Secret NAME-certificate; the operator makes the Certificate NAME.
    """

    issuer_ref: IssuerRef
    """Who signs it."""
    duration: Duration | None = None
    """How long it shall be good for, at least 1h; issuers may give less. Default of cert-manager: 90 days."""
    renew_before: Duration | None = None
    """How long before its end it is renewed, at least 5m. Default of cert-manager: a third of its life."""

    rules = (
        Rule(
            cel="!has(self.duration) || duration(self.duration) >= duration('1h')",
            message="duration must be at least 1h",
            field="duration",
            holds=lambda wanted: wanted.duration is None or seconds(wanted.duration) >= 3600,
        ),
        Rule(
            cel="!has(self.renewBefore) || (duration(self.renewBefore) >= duration('5m') && "
            "duration(self.renewBefore) < "
            f"duration(has(self.duration) ? self.duration : '{DEFAULT_DURATION}'))",
            message="renewBefore must be at least 5m and less than duration, "
            f"which is {DEFAULT_DURATION} by default",
            field="renewBefore",
            holds=_is_renewed_in_time,
        ),
    )


def _sources(tls: Any) -> int:
    return sum(source is not None for source in (tls.secret_ref, tls.cert_manager, tls.self_signed))


class IngressTls(ResourceModel):
    """Which certificate the Ingress serves: exactly one of secretRef, certManager and selfSigned.

    When another is chosen, the Ingress serves the one before until the new one is there.
    """

    secret_ref: LocalObjectRef | None = None
    """A Secret of type kubernetes.io/tls that you keep valid."""
    cert_manager: CertManager | None = None
    """A certificate that cert-manager gets from an issuer and renews."""
    self_signed: SelfSigned | None = None
    """A certificate that the operator makes and renews; clients trust ca.crt of the Secret NAME-tls."""

    rules = (
        Rule(
            cel="[has(self.secretRef), has(self.certManager), has(self.selfSigned)].filter(x, x).size() == 1",
            message="set exactly one of secretRef, certManager and selfSigned",
            holds=lambda tls: _sources(tls) == 1,
        ),
    )


SHIM_ANNOTATIONS = ("cert-manager.io/issuer", "cert-manager.io/cluster-issuer", "kubernetes.io/tls-acme")
"""With any of these on an Ingress, cert-manager makes a Certificate of its own for the Ingress's Secret."""


def without_a_second_certificate(ingress: Any) -> bool:
    """Whether no annotation asks cert-manager for a second certificate, so that two would write one Secret."""
    if ingress.tls is None or ingress.tls.secret_ref is not None:
        return True
    return not set(ingress.annotations or {}) & set(SHIM_ANNOTATIONS)
