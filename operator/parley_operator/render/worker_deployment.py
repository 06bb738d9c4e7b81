"""The Deployment of a worker pool, and who says how many workers it has."""

from __future__ import annotations

import math

from parley_operator.api import VoiceDeployment
from parley_operator.api.durations import seconds
from parley_operator.api.worker_pools import DEFAULT_REPLICAS, WorkerPoolSpec
from parley_operator.render.deployment import REVISIONS_KEPT
from parley_operator.render.facts import Facts
from parley_operator.render.rendered import Manifest
from parley_operator.render.worker_labels import worker_metadata, worker_name, worker_selector
from parley_operator.render.worker_pod import worker_template

PULL_SECONDS = 900
"""To pull an image of many gigabytes, before the time in which the models must be there begins."""
_SURGE = {"maxUnavailable": 0, "maxSurge": 1}
_REPLACE = {"maxUnavailable": 1, "maxSurge": 0}


def worker_deployment(resource: VoiceDeployment, pool: WorkerPoolSpec, facts: Facts) -> Manifest:
    """The Deployment: one worker at a time. It never says `replicas`, which have a field manager of their own."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": worker_metadata(resource, pool),
        "spec": {
            "selector": {"matchLabels": worker_selector(resource, pool)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": dict(_REPLACE if pool.replaces else _SURGE)},
            "progressDeadlineSeconds": math.ceil(seconds(pool.probe.startup_timeout)) + PULL_SECONDS,
            "revisionHistoryLimit": REVISIONS_KEPT,
            "template": worker_template(resource, pool, facts),
        },
    }


def worker_scale(resource: VoiceDeployment, pool: WorkerPoolSpec, live: int | None) -> Manifest | None:
    """What the field manager `parley-scale` applies; None leaves the number to the autoscaler.

    Args:
        resource: the resource.
        pool: one of its pools.
        live: `spec.replicas` of the pool's Deployment before this pass; None if there is no Deployment.
    """
    replicas = _wanted(pool, live, suspended=resource.spec.suspend)
    if replicas is None:
        return None
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": worker_name(resource, pool), "namespace": resource.metadata.namespace},
        "spec": {"replicas": replicas},
    }


def _wanted(pool: WorkerPoolSpec, live: int | None, *, suspended: bool) -> int | None:
    """Under an autoscaler it is set where there are fewer than its least: at first, and when a suspension ends.

    An autoscaler never goes below; but a Deployment whose maker was killed before this has the server's default.
    """
    if suspended:
        return 0
    if pool.scaling is None:
        return DEFAULT_REPLICAS if pool.replicas is None else pool.replicas
    least = pool.scaling.min_replicas
    return least if live is None or live < least else None
