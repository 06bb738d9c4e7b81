"""The pod template of a worker pool: somebody else's server, hardened like the gateway."""

from __future__ import annotations

import hashlib
import math
from typing import Any

from parley_operator.api import VoiceDeployment
from parley_operator.api.durations import seconds
from parley_operator.api.quantities import canonical_quantity
from parley_operator.api.worker_cache import EmptyDirCache
from parley_operator.api.worker_pools import WorkerPoolSpec
from parley_operator.render.credentials import ANNOTATION
from parley_operator.render.facts import Facts
from parley_operator.render.hardening import container_security, pod_security
from parley_operator.render.references import pool_references
from parley_operator.render.rendered import Manifest
from parley_operator.render.resources import filled
from parley_operator.render.worker_environment import HOME, cache_path, worker_environment
from parley_operator.render.worker_labels import worker_metadata, worker_name, worker_selector

CONTAINER = "worker"
CACHE = "models"
TMP_SIZE = "256Mi"
DEFAULT_REQUESTS = {"cpu": "500m", "memory": "1Gi"}
DEFAULT_LIMITS = {"cpu": "4", "memory": "4Gi"}
"""A Whisper or Piper model of middling size on CPUs."""
PRE_STOP_SECONDS = 5
"""Between a worker's removal from the Service and SIGTERM, so that gateways have stopped asking it."""
GRACE_SECONDS = 60
"""For the sentences and utterances that it still works on."""
STARTUP_PERIOD, READINESS_PERIOD, LIVENESS_PERIOD = 5, 5, 20
"""Seconds between probes."""


def worker_template(resource: VoiceDeployment, pool: WorkerPoolSpec, facts: Facts) -> Manifest:
    """The pod template. Nothing in it depends on another pool, on the gateway or on the operator's release."""
    digest = _credentials(resource, pool, facts)
    return {
        "metadata": {
            "labels": worker_metadata(resource, pool)["labels"],
            **({"annotations": {ANNOTATION: digest}} if digest else {}),
        },
        "spec": {
            "serviceAccountName": worker_name(resource, pool),
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": GRACE_SECONDS,
            "securityContext": pod_security(),
            "containers": [_container(pool)],
            "volumes": [
                {"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": TMP_SIZE}},
                {"name": CACHE, **_cache(resource, pool)},
            ],
            **_scheduling(resource, pool),
        },
    }


def _container(pool: WorkerPoolSpec) -> dict[str, Any]:
    said = pool.resources
    return {
        "name": CONTAINER,
        "image": pool.image,
        **({"command": list(pool.command)} if pool.command else {}),
        **({"args": list(pool.args)} if pool.args else {}),
        "env": worker_environment(pool),
        "ports": [{"name": "http", "containerPort": pool.port, "protocol": "TCP"}],
        "resources": filled(
            (said.requests if said else None) or {},
            (said.limits if said else None) or {},
            default_requests=DEFAULT_REQUESTS,
            default_limits=DEFAULT_LIMITS,
        ),
        "securityContext": container_security(),
        **_probes(pool),
        "lifecycle": {"preStop": {"sleep": {"seconds": PRE_STOP_SECONDS}}},
        "volumeMounts": [{"name": "tmp", "mountPath": HOME}, {"name": CACHE, "mountPath": cache_path(pool)}],
    }


def _probes(pool: WorkerPoolSpec) -> dict[str, Any]:
    """Liveness looks at the port alone: a busy worker may answer HTTP late, and is not to be killed for it."""
    attempts = math.ceil(seconds(pool.probe.startup_timeout) / STARTUP_PERIOD)
    return {
        "startupProbe": _probe(pool.probe.path, period=STARTUP_PERIOD, failures=attempts),
        "readinessProbe": _probe(pool.probe.path, period=READINESS_PERIOD, failures=3),
        "livenessProbe": _probe(None, period=LIVENESS_PERIOD, failures=6),
    }


def _probe(path: str | None, *, period: int, failures: int) -> dict[str, Any]:
    asked: dict[str, Any] = (
        {"httpGet": {"path": path, "port": "http", "scheme": "HTTP"}} if path else {"tcpSocket": {"port": "http"}}
    )
    return {
        **asked,
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
        "successThreshold": 1,
    }


def _cache(resource: VoiceDeployment, pool: WorkerPoolSpec) -> dict[str, Any]:
    cache = pool.model_cache
    if cache is not None and cache.persistent_volume_claim is not None:
        own = cache.persistent_volume_claim.claim_name
        return {"persistentVolumeClaim": {"claimName": own or worker_name(resource, pool)}}
    said = (cache.empty_dir if cache else None) or EmptyDirCache()
    return {"emptyDir": {"sizeLimit": canonical_quantity(said.size_limit)}}


def _scheduling(resource: VoiceDeployment, pool: WorkerPoolSpec) -> dict[str, Any]:
    pull_secrets = (resource.spec.pod.image_pull_secrets if resource.spec.pod else None) or ()
    fields: dict[str, Any] = {
        "imagePullSecrets": [{"name": ref.name} for ref in pull_secrets],
        "nodeSelector": dict(pool.node_selector or {}),
        "tolerations": [_plain(toleration) for toleration in pool.tolerations or ()],
        "affinity": _plain(pool.affinity) if pool.affinity else {},
        "priorityClassName": pool.priority_class_name,
        "runtimeClassName": pool.runtime_class_name,
    }
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": worker_selector(resource, pool)},
        "matchLabelKeys": ["pod-template-hash"],
    }
    return {name: value for name, value in fields.items() if value} | {"topologySpreadConstraints": [spread]}


def _credentials(resource: VoiceDeployment, pool: WorkerPoolSpec, facts: Facts) -> str | None:
    """One digest of all that the pool's variables refer to; None where they refer to nothing that is known."""
    known = {
        reference.target: facts.values[reference.target]
        for reference in pool_references(resource, pool)
        if reference.target in facts.values
    }
    if not known:
        return None
    lines = sorted(f"{one.kind}/{one.name}/{one.key}={value.digest}" for one, value in known.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _plain(model: Any) -> dict[str, Any]:
    """A part of the spec that Kubernetes takes as it is."""
    content: dict[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    return content
