"""One resource, everything it turns into."""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.render.agent_text import agent_map
from parley_operator.render.canary import (
    canary_deployment_key,
    canary_manifests,
    canary_scale,
    share,
    with_its_pools,
)
from parley_operator.render.cert_manager import certificate
from parley_operator.render.dashboard import dashboard
from parley_operator.render.deployment import deployment
from parley_operator.render.endpoints import endpoints
from parley_operator.render.engines import held_engine
from parley_operator.render.facts import Facts
from parley_operator.render.gateway_api import routes
from parley_operator.render.gateway_config import config_map
from parley_operator.render.hpa import hpa
from parley_operator.render.image import gateway_version
from parley_operator.render.ingress import ingresses
from parley_operator.render.labels import selector
from parley_operator.render.monitor import pod_monitor, service_monitor
from parley_operator.render.names import authority_name, base_name, self_signed_name
from parley_operator.render.network_policy import network_policy
from parley_operator.render.pdb import pdb
from parley_operator.render.policies import findings, missing_values
from parley_operator.render.prometheus_rule import prometheus_rule
from parley_operator.render.rendered import Manifest, ObjectKey, Rendered, object_key
from parley_operator.render.revision import kept_revisions, revision
from parley_operator.render.salt import salt_secret, salt_secret_name
from parley_operator.render.scale import scale
from parley_operator.render.scaled_object import scaled_object
from parley_operator.render.served_secret import still_served
from parley_operator.render.service import service
from parley_operator.render.service_account import service_account
from parley_operator.render.signing import mints_client_secrets, signing_secret, signing_value
from parley_operator.render.tls import is_self_signed, served_certificate, tls_secrets
from parley_operator.render.token import is_generated, token_secret, token_value
from parley_operator.render.worker_pools import worker_manifests, worker_scales


def render(resource: VoiceDeployment, facts: Facts, *, canary: VoiceDeployment | None = None) -> Rendered:
    """Everything that a resource turns into. The same input gives the same bytes.

    `canary` is the resource with the spec that a part of new connections is to try; `resource` then has the one
    that serves the others, and all children but the canary's own come from it.
    """
    held = _held(resource, facts) | _held_of_canary(canary, facts)
    manifests = tuple(one for one in _manifests(resource, facts, canary) if object_key(one) not in held)
    applied = {object_key(one) for one in manifests}
    in_use = {ObjectKey("ConfigMap", name) for name in facts.config_maps_in_use}
    # Scaling what is not there would be refused: it comes with the Deployment.
    pooled = with_its_pools(resource, canary) if canary else resource
    scalable = facts.replicas is not None or _deployment_key(resource) in applied
    return Rendered(
        version=gateway_version(resource, facts),
        selector=selector(resource),
        endpoints=endpoints(resource, facts),
        manifests=manifests,
        scale=scale(resource, facts) if scalable else None,
        canary_scale=canary_scale(canary, facts) if canary else None,
        worker_scales=worker_scales(pooled, facts),
        keep=frozenset(
            (held | in_use | kept_revisions(resource, facts) | still_served(resource, facts)) - applied
        ),
        certificate=served_certificate(resource, facts),
        findings=findings(resource, facts, canary=canary),
        canary_share=share(canary, facts) if canary else None,
    )


def _manifests(resource: VoiceDeployment, facts: Facts, canary: VoiceDeployment | None) -> list[Manifest]:
    """All manifests in the order in which they are applied: what pods need comes before them."""
    tried = share(canary, facts) if canary else 0
    wanted = [
        service_account(resource),
        salt_secret(resource, facts),
        token_secret(resource, facts),
        signing_secret(resource, facts),
        *tls_secrets(resource, facts),
        certificate(resource, facts),
        config_map(resource),
        agent_map(resource),
        revision(canary or resource, facts),
        service(resource, facts),
        network_policy(resource, facts),
        deployment(resource, facts),
        *(canary_manifests(resource, canary, facts) if canary else ()),
        pdb(resource),
        hpa(resource, facts),
        scaled_object(resource, facts),
        *ingresses(resource, facts, share=tried),
        *routes(resource, facts, share=tried),
        pod_monitor(resource, facts),
        service_monitor(resource, facts),
        prometheus_rule(resource, facts),
        dashboard(resource, facts),
        *worker_manifests(with_its_pools(resource, canary) if canary else resource, facts),
    ]
    # A canary that differs in its image alone has the same configuration.
    return list({object_key(manifest): manifest for manifest in wanted if manifest is not None}.values())


def _held_of_canary(canary: VoiceDeployment | None, facts: Facts) -> set[ObjectKey]:
    return {canary_deployment_key(canary)} if canary and missing_values(canary, facts) else set()


def _held(resource: VoiceDeployment, facts: Facts) -> set[ObjectKey]:
    """What is left as it is.

    A Deployment whose new pods could not start, Secrets whose content is not known, and an autoscaler that waits
    for another one to go.
    """
    held = held_engine(resource, facts)
    if missing_values(resource, facts):
        held.add(_deployment_key(resource))
    if facts.salt is None:
        held.add(ObjectKey("Secret", salt_secret_name(resource)))
    if is_generated(resource) and facts.token is None:
        held.add(ObjectKey("Secret", token_value(resource).name))
    if mints_client_secrets(resource) and facts.signing_key is None:
        held.add(ObjectKey("Secret", signing_value(resource).name))
    if is_self_signed(resource) and facts.tls is None:
        names = (authority_name(resource.metadata.name), self_signed_name(resource.metadata.name))
        held |= {ObjectKey("Secret", name) for name in names}
    return held


def _deployment_key(resource: VoiceDeployment) -> ObjectKey:
    return ObjectKey("Deployment", base_name(resource.metadata.name))
