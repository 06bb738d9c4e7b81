"""What is wrong with the endpoint's certificate, in the user's own Secret or in the one of cert-manager."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.cert_manager import is_taken, is_there, issued_values
from parley_operator.render.facts import CertificateFact, Facts
from parley_operator.render.names import issued_name
from parley_operator.render.presence import missing, presence
from parley_operator.render.references import Presence, Purpose, references
from parley_operator.render.rendered import Finding
from parley_operator.render.served_secret import served_secret, tls_secret_name

_READY = ConditionType.CERTIFICATE_READY


def given_certificate(resource: VoiceDeployment, facts: Facts) -> Iterator[Finding]:
    """A certificate of the user's own is there, readable, for the right hosts, and has not expired."""
    needed = [reference for reference in references(resource) if reference.purpose is Purpose.CERTIFICATE]
    absent = [reference for reference in needed if presence(reference, facts) is not Presence.PRESENT]
    if absent:
        finding = missing(_READY, absent[0], facts)
        yield replace(finding, message=finding.message + _meanwhile(resource, facts))
    elif any(reference.target in facts.values for reference in needed):
        yield from _faults(needed[0].target.name, facts, _hosts(resource))


def issued_certificate(resource: VoiceDeployment, facts: Facts) -> Iterator[Finding]:
    """cert-manager is there, and its certificate as well.

    While the Secret holds a good certificate, whatever keeps it from being renewed only informs.
    """
    if not any(reference.target in facts.values for reference in issued_values(resource)):
        return
    name = issued_name(resource.metadata.name)
    if is_taken(resource, facts):
        message = f"Secret {name} exists and is not cert-manager's: delete it, or name it as tls.secretRef"
        yield Finding(_READY, Reason.NAME_CONFLICT, message)
        return
    fault = _fault(resource, facts)
    trouble = _trouble(facts)
    if fault is None:
        yield from _warning(name, facts, trouble)
        return
    reason, said = trouble or (Reason.CERTIFICATE_PENDING, _waiting(facts))
    yield Finding(_READY, reason, f"{fault}: {said}{_meanwhile(resource, facts)}")


def _hosts(resource: VoiceDeployment) -> tuple[str, ...]:
    return (resource.spec.endpoint.hosts if resource.spec.endpoint else None) or ()


def _fault(resource: VoiceDeployment, facts: Facts) -> str | None:
    """Why what cert-manager's Secret holds does not do."""
    name = issued_name(resource.metadata.name)
    if not is_there(resource, facts):
        return f"Secret {name} does not exist yet"
    return next((finding.message for finding in _faults(name, facts, _hosts(resource))), None)


def _trouble(facts: Facts) -> tuple[Reason, str] | None:
    """Why there will be no new certificate before somebody does something."""
    if "Certificate" not in facts.apis:
        served = OPTIONAL["Certificate"].api_version
        return Reason.CERT_MANAGER_NOT_SERVED, f"the cluster does not serve Certificate ({served})"
    if facts.issuance and facts.issuance.failure:
        return Reason.ISSUANCE_FAILED, f"cert-manager says: {facts.issuance.failure}"
    return None


def _waiting(facts: Facts) -> str:
    if facts.issuance is None or not facts.issuance.waiting:
        return "cert-manager has not said anything yet"
    return f"cert-manager says: {facts.issuance.waiting}"


def _warning(name: str, facts: Facts, trouble: tuple[Reason, str] | None) -> Iterator[Finding]:
    """The certificate is good, and yet it is not renewed."""
    if trouble is None or facts.served_certificate is None:
        return
    reason, said = trouble
    until = f"{facts.served_certificate.not_after:%Y-%m-%d %H:%M} UTC"
    message = f"the certificate in Secret {name} is good until {until} and is not renewed: {said}"
    yield Finding(ConditionType.SETTINGS_HONOURED, reason, message)


def _meanwhile(resource: VoiceDeployment, facts: Facts) -> str:
    """What the Ingress serves until then, if anything."""
    endpoint, served = resource.spec.endpoint, served_secret(resource, facts)
    wanted = tls_secret_name(resource.metadata.name, endpoint) if endpoint else None
    return f"; until then Secret {served} is served" if served != wanted else ""


def _faults(name: str, facts: Facts, hosts: tuple[str, ...]) -> Iterator[Finding]:
    certificate = facts.served_certificate
    if certificate is None:
        message = f"tls.crt of Secret {name} is not a certificate in PEM"
        yield Finding(_READY, Reason.CERTIFICATE_UNREADABLE, message)
        return
    if certificate.not_after <= facts.now:
        message = f"the certificate in Secret {name} expired at {certificate.not_after:%Y-%m-%d %H:%M} UTC"
        yield Finding(_READY, Reason.CERTIFICATE_EXPIRED, message)
    for host in hosts:
        if not covers(certificate, host):
            message = f"the certificate in Secret {name} is not for {host}"
            yield Finding(_READY, Reason.HOST_NOT_COVERED, message)


def covers(certificate: CertificateFact, host: str) -> bool:
    """Whether the certificate is for the host; a wildcard stands for one label."""
    names = {name.lower() for name in certificate.hosts}
    return host in names or f"*.{host.partition('.')[2]}" in names
