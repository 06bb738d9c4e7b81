"""The pod template: the gateway, hardened so that nothing in `spec.pod` can undo it."""

from __future__ import annotations

import math
from typing import Any

from parley_operator.api import VoiceDeployment
from parley_operator.api.base import ResourceModel
from parley_operator.api.durations import seconds
from parley_operator.api.pod import PodSpec
from parley_operator.render.container import CONTAINER, PORT
from parley_operator.render.credentials import ANNOTATION, credentials_digest
from parley_operator.render.environment import environment
from parley_operator.render.facts import Facts
from parley_operator.render.hardening import container_security, pod_security
from parley_operator.render.image import gateway_version, image
from parley_operator.render.labels import labels, selector_labels
from parley_operator.render.names import base_name
from parley_operator.render.paths import CONFIG_DIRECTORY, CONFIG_NAME
from parley_operator.render.rendered import Manifest
from parley_operator.render.resources import resources
from parley_operator.render.track import MAIN, Track
from parley_operator.render.volumes import mounts, volumes

PRE_STOP_SECONDS = 5
"""Between a pod's removal from its endpoints and SIGTERM, so that proxies have stopped sending new clients."""
MARGIN_SECONDS = 15
"""After the drain: the last clients are told, sockets and providers are closed."""


def grace_period(resource: VoiceDeployment) -> int:
    """Seconds a pod has to end by itself: it never cuts the drain short."""
    return PRE_STOP_SECONDS + math.ceil(seconds(resource.spec.rollout.drain_timeout)) + MARGIN_SECONDS


def pod_template(resource: VoiceDeployment, facts: Facts, *, track: Track = MAIN) -> Manifest:
    """The pod template. It knows nothing of the operator's own release: an upgrade of it rolls no pod."""
    said = resource.spec.pod or _NOTHING
    digest = credentials_digest(resource, facts)
    annotations = {**(said.annotations or {}), **({ANNOTATION: digest} if digest else {})}
    version = {"app.kubernetes.io/version": gateway_version(resource, facts)}
    return {
        "metadata": {
            "labels": {**(said.labels or {}), **labels(resource, track=track), **version},
            **({"annotations": annotations} if annotations else {}),
        },
        "spec": {
            "serviceAccountName": base_name(resource.metadata.name),
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": grace_period(resource),
            "securityContext": pod_security(),
            "containers": [_container(resource, facts)],
            "volumes": volumes(resource, track=track),
            **_scheduling(resource, said, track),
        },
    }


_NOTHING = PodSpec()


def _container(resource: VoiceDeployment, facts: Facts) -> dict[str, Any]:
    variables = environment(resource)
    return {
        "name": CONTAINER,
        "image": image(resource, facts),
        "imagePullPolicy": facts.image_pull_policy,
        "args": ["--config", f"{CONFIG_DIRECTORY}/{CONFIG_NAME}"],
        **({"env": variables} if variables else {}),
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        "resources": resources(resource),
        "securityContext": container_security(),
        "startupProbe": _probe("/liveness", period=1, failures=120),
        "readinessProbe": _probe("/readiness", period=2, failures=2),
        "livenessProbe": _probe("/liveness", period=10, failures=3),
        "lifecycle": {"preStop": {"sleep": {"seconds": PRE_STOP_SECONDS}}},
        "volumeMounts": mounts(resource),
    }


def _probe(path: str, *, period: int, failures: int) -> dict[str, Any]:
    """A probe. Start-up may take two minutes: models are loaded and warmed up before the first call."""
    return {
        "httpGet": {"path": path, "port": "http", "scheme": "HTTP"},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
        "successThreshold": 1,
    }


def _scheduling(resource: VoiceDeployment, said: PodSpec, track: Track) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "imagePullSecrets": [_plain(ref) for ref in said.image_pull_secrets or ()],
        "nodeSelector": dict(said.node_selector or {}),
        "tolerations": [_plain(toleration) for toleration in said.tolerations or ()],
        "affinity": _plain(said.affinity) if said.affinity else {},
        "priorityClassName": said.priority_class_name,
        "runtimeClassName": said.runtime_class_name,
    }
    return {name: value for name, value in fields.items() if value} | {
        "topologySpreadConstraints": _spread(resource, said, track)
    }


def _spread(resource: VoiceDeployment, said: PodSpec, track: Track) -> list[dict[str, Any]]:
    """Where pods spread; by default over nodes and zones as far as possible, each ReplicaSet by itself."""
    own = {
        "labelSelector": {"matchLabels": selector_labels(resource, track=track)},
        "matchLabelKeys": ["pod-template-hash"],
    }
    if said.topology_spread_constraints:
        return [{**_plain(constraint), **own} for constraint in said.topology_spread_constraints]
    keys = ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
    return [{"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "ScheduleAnyway", **own} for key in keys]


def _plain(model: ResourceModel) -> dict[str, Any]:
    """A part of the spec that Kubernetes takes as it is."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)
