"""The HorizontalPodAutoscaler of the gateway: on CPU, and on active sessions where the cluster can tell them."""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.api.scaling import DEFAULT_MIN_REPLICAS, DEFAULT_TARGET_CPU_PERCENT
from parley_operator.render.autoscaler import autoscaler, cpu, per_pod
from parley_operator.render.container import CONTAINER
from parley_operator.render.facts import Facts
from parley_operator.render.labels import metadata
from parley_operator.render.names import base_name
from parley_operator.render.rendered import Manifest

SESSIONS_METRIC = "voice_sessions_active"
"""As the gateway tells it and as custom.metrics.k8s.io must call it."""


def hpa(resource: VoiceDeployment, facts: Facts) -> Manifest | None:
    """The autoscaler; None for another engine. It rests by itself while a suspension holds the replicas at 0.

    A metric that nobody serves would keep every pod for ever: sessions are asked for only where their API is.
    """
    scaling = resource.spec.scaling
    if scaling.type != "HPA" or scaling.max_replicas is None:
        return None
    metrics = [cpu(CONTAINER, scaling.target_cpu_percent or DEFAULT_TARGET_CPU_PERCENT)]
    if scaling.target_sessions_per_pod is not None and facts.custom_metrics:
        metrics.append(per_pod(SESSIONS_METRIC, scaling.target_sessions_per_pod))
    return autoscaler(
        metadata(resource, base_name(resource.metadata.name)),
        least=scaling.min_replicas or DEFAULT_MIN_REPLICAS,
        most=scaling.max_replicas,
        metrics=metrics,
        scale_down_window=scaling.scale_down_window,
    )
