"""What is wrong or not as asked: a list of small policies, each from resource and facts to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.render.canary import unshared, wanted_share
from parley_operator.render.certificate_findings import given_certificate, issued_certificate
from parley_operator.render.engines import autoscaling
from parley_operator.render.facts import Facts
from parley_operator.render.gateway_api import gateway_api
from parley_operator.render.ingress import exposure, told, unacknowledged
from parley_operator.render.ingress.dialects import ingress_dialect
from parley_operator.render.ingress.generic import GENERIC
from parley_operator.render.monitoring import kinds_not_served
from parley_operator.render.network_policy import unknown_destinations
from parley_operator.render.presence import missing, presence
from parley_operator.render.references import Presence, Purpose, Reference, references
from parley_operator.render.rendered import Finding
from parley_operator.render.silence import deadlines_cut_short
from parley_operator.render.worker_pools import worker_findings

Policy = Callable[[VoiceDeployment, Facts], Iterable[Finding]]
_OF_OTHERS = (Purpose.CERTIFICATE, Purpose.ISSUED, Purpose.WORKER)


def findings(
    resource: VoiceDeployment, facts: Facts, *, canary: VoiceDeployment | None = None
) -> tuple[Finding, ...]:
    """Everything that the policies find, the deepest cause first; of a canary, what its pods wait for."""
    found = [finding for policy in POLICIES for finding in policy(resource, facts)]
    awaited = credentials(canary, facts) if canary else ()
    return tuple(dict.fromkeys([*found, *awaited]))


def missing_values(resource: VoiceDeployment, facts: Facts) -> list[Reference]:
    """References without which a pod of the gateway cannot start."""
    needed = (reference for reference in references(resource) if reference.purpose not in _OF_OTHERS)
    return [reference for reference in needed if presence(reference, facts) is not Presence.PRESENT]


def credentials(resource: VoiceDeployment, facts: Facts) -> Iterator[Finding]:
    """Every value that pods need is there."""
    for reference in missing_values(resource, facts):
        yield missing(ConditionType.CREDENTIALS_READY, reference, facts)


def worker_values(resource: VoiceDeployment, facts: Facts) -> Iterator[Finding]:
    """Every value that the variables of worker pools refer to is there."""
    for reference in references(resource):
        if reference.purpose is Purpose.WORKER and presence(reference, facts) is not Presence.PRESENT:
            yield missing(ConditionType.WORKERS_READY, reference, facts)


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
    issued_certificate,
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
    deadlines_cut_short,
)
