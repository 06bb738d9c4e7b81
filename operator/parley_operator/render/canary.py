"""A canary: the pods of a changed spec beside those that serve, with a part of new connections.

Both are of one resource. `main` is the resource with the spec that serves, from which every other child comes;
`canary` is the resource with its own spec, of which there are a Deployment, a Service, and what its pods mount.
Its pods come on top of those that the resource asks for: the others stay as they are, and their autoscaler too.
"""

from __future__ import annotations

import math

from parley_operator.api import VoiceDeployment
from parley_operator.render.agent_text import agent_map
from parley_operator.render.deployment import deployment
from parley_operator.render.facts import Facts
from parley_operator.render.gateway_config import config_map
from parley_operator.render.ingress import exposure, unshareable
from parley_operator.render.names import child_name
from parley_operator.render.network_policy import network_policy
from parley_operator.render.pod import pod_template
from parley_operator.render.rendered import Manifest, ObjectKey
from parley_operator.render.scale import wanted_replicas
from parley_operator.render.service import service
from parley_operator.render.signing import signing_secret
from parley_operator.render.token import token_secret
from parley_operator.render.track import CANARY

ALL = 100
"""Percent: whoever gets all connections is no canary."""


def wanted_share(resource: VoiceDeployment) -> int | None:
    """Percent of new connections that a change is to get first; None where it is to get all."""
    canary = resource.spec.rollout.canary
    return canary.weight_percent if canary and canary.weight_percent < ALL else None


def share(canary: VoiceDeployment, facts: Facts) -> int:
    """Percent of new connections that the canary gets now: none before one of its pods is ready."""
    return (wanted_share(canary) or 0) if facts.canary_available else 0


def canary_scale(canary: VoiceDeployment, facts: Facts) -> Manifest:
    """Its pods are the same part of all as its share of connections, and at least one; none of none."""
    wanted = wanted_replicas(canary, facts)
    whole = (facts.replicas or 0) if wanted is None else wanted
    key, replicas = canary_deployment_key(canary), math.ceil(whole * (wanted_share(canary) or 0) / ALL)
    return {
        "apiVersion": "apps/v1",
        "kind": key.kind,
        "metadata": {"name": key.name, "namespace": canary.metadata.namespace},
        "spec": {"replicas": replicas},
    }


def has_same_pods(one: VoiceDeployment, other: VoiceDeployment) -> bool:
    """Whether a change from one spec of a resource to another replaces no pod. What Secrets hold is no change."""
    facts = Facts(release="")
    return pod_template(one, facts) == pod_template(other, facts)


def unshared(main: VoiceDeployment, facts: Facts) -> str | None:
    """Why new connections cannot be shared, in words for a message; None where they can."""
    endpoint = main.spec.endpoint
    if endpoint is None or not (endpoint.ingress or endpoint.gateway):
        return "a Service alone cannot share connections"
    if endpoint.gateway:
        return None
    exposed = exposure(main, facts)
    return unshareable(exposed, facts) if exposed else None


def canary_manifests(main: VoiceDeployment, canary: VoiceDeployment, facts: Facts) -> list[Manifest]:
    """All that is the canary's own, and what its pods need which the others do not."""
    needed = [
        token_secret(canary, facts) if token_secret(main, facts) is None else None,
        signing_secret(canary, facts) if signing_secret(main, facts) is None else None,
        config_map(canary),
        agent_map(canary, track=CANARY),
        service(main, facts, track=CANARY),
        network_policy(canary, facts, track=CANARY),
        deployment(canary, facts, track=CANARY),
    ]
    return [manifest for manifest in needed if manifest is not None]


def with_its_pools(main: VoiceDeployment, canary: VoiceDeployment) -> VoiceDeployment:
    """What serves, with the worker pools that only the canary's pods talk to."""
    known = main.spec.worker_pools or ()
    names = {pool.name for pool in known}
    new = tuple(pool for pool in canary.spec.worker_pools or () if pool.name not in names)
    return main.model_copy(update={"spec": main.spec.model_copy(update={"worker_pools": (*known, *new)})})


def canary_deployment_key(resource: VoiceDeployment) -> ObjectKey:
    """The canary's Deployment."""
    return ObjectKey("Deployment", child_name(resource.metadata.name, CANARY.suffix))
