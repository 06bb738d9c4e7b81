"""What is wrong or not as asked: a list of small policies, each from resource and facts to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.render.canary import unshared, wanted_share
from parley_operator.render.engines import autoscaling
from parley_operator.render.facts import CertificateFact, Facts
from parley_operator.render.gateway_api import gateway_api
from parley_operator.render.ingress import exposure, tls_secret_name, told, unacknowledged
from parley_operator.render.ingress.dialects import ingress_dialect
from parley_operator.render.ingress.generic import GENERIC
from parley_operator.render.monitoring import kinds_not_served
from parley_operator.render.network_policy import unknown_destinations
from parley_operator.render.references import Presence, Purpose, Reference, references
from parley_operator.render.rendered import Finding
from parley_operator.render.tls import is_self_signed
from parley_operator.render.worker_pools import worker_findings

Policy = Callable[[VoiceDeployment, Facts], Iterable[Finding]]


def findings(
    resource: VoiceDeployment, facts: Facts, *, canary: VoiceDeployment | None = None
) -> tuple[Finding, ...]:
    """Everything that the policies find, the deepest cause first; of a canary, what its pods wait for."""
    found = [finding for policy in POLICIES for finding in policy(resource, facts)]
    awaited = credentials(canary, facts) if canary else ()
    return tuple(dict.fromkeys([*found, *awaited]))


def missing_values(resource: VoiceDeployment, facts: Facts) -> list[Reference]:
    """References without which a pod of the gateway cannot start."""
    others = (Purpose.CERTIFICATE, Purpose.WORKER)
    needed = (reference for reference in references(resource) if reference.purpose not in others)
    return [reference for reference in needed if _presence(reference, facts) is not Presence.PRESENT]


def credentials(resource: VoiceDeployment, facts: Facts) -> Iterator[Finding]:
    """Every value that pods need is there."""
    for reference in missing_values(resource, facts):
        yield _missing(ConditionType.CREDENTIALS_READY, reference, facts)


def worker_values(resource: VoiceDeployment, facts: Facts) -> Iterator[Finding]:
    """Every value that the variables of worker pools refer to is there."""
    for reference in references(resource):
        if reference.purpose is Purpose.WORKER and _presence(reference, facts) is not Presence.PRESENT:
            yield _missing(ConditionType.WORKERS_READY, reference, facts)


def given_certificate(resource: VoiceDeployment, facts: Facts) -> Iterator[Finding]:
    """A certificate of the user's own is there, readable, for the right hosts, and has not expired."""
    endpoint = resource.spec.endpoint
    name = tls_secret_name(resource.metadata.name, endpoint) if endpoint else None
    if name is None or is_self_signed(resource):
        return
    needed = [reference for reference in references(resource) if reference.purpose is Purpose.CERTIFICATE]
    absent = [reference for reference in needed if _presence(reference, facts) is not Presence.PRESENT]
    if absent:
        yield _missing(ConditionType.CERTIFICATE_READY, absent[0], facts)
    elif any(reference.target in facts.values for reference in needed):
        yield from _certificate_faults(name, facts, (endpoint.hosts if endpoint else None) or ())


def taken_hosts(resource: VoiceDeployment, facts: Facts) -> Iterator[Finding]:
    """No older VoiceDeployment has the hosts."""
    hosts = (resource.spec.endpoint.hosts if resource.spec.endpoint else None) or ()
    for host in hosts:
        if owner := facts.taken_hosts.get(host):
            message = f"{host} belongs to the older VoiceDeployment {owner}"
            yield Finding(ConditionType.ENDPOINT_READY, Reason.HOST_CONFLICT, message)


def ingress_class(resource: VoiceDeployment, facts: Facts) -> Iterator[Finding]:
    """The IngressClass exists."""
    endpoint = resource.spec.endpoint
    if endpoint is None or endpoint.ingress is None or facts.ingress_class is not None:
        return
    name = endpoint.ingress.class_name
    message = (
        f"there is no IngressClass {name}: correct endpoint.ingress.className"
        if name
        else "the cluster has no default IngressClass: set endpoint.ingress.className"
    )
    yield Finding(ConditionType.ENDPOINT_READY, Reason.INGRESS_CLASS_NOT_FOUND, message)


def unreadable_class(resource: VoiceDeployment, facts: Facts) -> Iterator[Finding]:
    """The class's controller can be known: an operator of some namespaces may not read IngressClasses."""
    endpoint, found = resource.spec.endpoint, facts.ingress_class
    if endpoint is None or endpoint.ingress is None or found is None or found.controller is not None:
        return
    if endpoint.ingress.annotated_class or ingress_dialect(facts) is not GENERIC:
        return
    what = f"whose controller serves class {found.name}" if found.name else "which class is the default"
    message = (
        f"the operator may not read IngressClasses, so it does not know {what}: let it list "
        "ingressclasses.networking.k8s.io, or name a class by its controller's usual name."
    )
    yield Finding(ConditionType.SETTINGS_HONOURED, Reason.UNKNOWN_CONTROLLER, message)


def controller_settings(resource: VoiceDeployment, facts: Facts) -> Iterator[Finding]:
    """The ingress controller takes what the connection needs."""
    exposed = exposure(resource, facts)
    if exposed is not None and facts.ingress_class is not None:
        yield from unacknowledged(resource, told(exposed, facts).findings)


def canary_share(resource: VoiceDeployment, facts: Facts) -> Iterator[Finding]:
    """A change can be tried on a part of new connections, where that is asked for."""
    reason = unshared(resource, facts) if wanted_share(resource) else None
    if reason:
        message = f"rollout.canary has no effect, and a change goes to all pods one after another: {reason}."
        yield Finding(ConditionType.SETTINGS_HONOURED, Reason.CANARY_NOT_SHARED, message)


POLICIES: tuple[Policy, ...] = (
    credentials,
    given_certificate,
    taken_hosts,
    ingress_class,
    gateway_api,
    unknown_destinations,
    kinds_not_served,
    unreadable_class,
    canary_share,
    autoscaling,
    controller_settings,
    worker_values,
    worker_findings,
)


def _presence(reference: Reference, facts: Facts) -> Presence:
    value = facts.values.get(reference.target)
    return value.presence if value else Presence.PRESENT


def _missing(condition: ConditionType, reference: Reference, facts: Facts) -> Finding:
    target, presence = reference.target, _presence(reference, facts)
    absent = Reason.SECRET_NOT_FOUND if target.kind == "Secret" else Reason.CONFIG_MAP_NOT_FOUND
    reason, words = {
        Presence.OBJECT_MISSING: (absent, f"{target.kind} {target.name} does not exist"),
        Presence.KEY_MISSING: (Reason.KEY_NOT_FOUND, f"{target.kind} {target.name} has no key {target.key}"),
        Presence.EMPTY: (Reason.KEY_EMPTY, f"key {target.key} of {target.kind} {target.name} is empty"),
    }[presence]
    return Finding(condition, reason, f"{words}: {reference.path} needs it")


def _certificate_faults(name: str, facts: Facts, hosts: tuple[str, ...]) -> Iterator[Finding]:
    certificate, condition = facts.served_certificate, ConditionType.CERTIFICATE_READY
    if certificate is None:
        message = f"tls.crt of Secret {name} is not a certificate in PEM"
        yield Finding(condition, Reason.CERTIFICATE_UNREADABLE, message)
        return
    if certificate.not_after <= facts.now:
        message = f"the certificate in Secret {name} expired at {certificate.not_after:%Y-%m-%d %H:%M} UTC"
        yield Finding(condition, Reason.CERTIFICATE_EXPIRED, message)
    for host in hosts:
        if not _covers(certificate, host):
            message = f"the certificate in Secret {name} is not for {host}"
            yield Finding(condition, Reason.HOST_NOT_COVERED, message)


def _covers(certificate: CertificateFact, host: str) -> bool:
    """A wildcard stands for one label."""
    names = {name.lower() for name in certificate.hosts}
    return host in names or f"*.{host.partition('.')[2]}" in names
