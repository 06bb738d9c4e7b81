"""What of monitoring is wanted, and which of it the cluster serves."""

from __future__ import annotations

from collections.abc import Iterator

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.api.observability import ObservabilitySpec
from parley_operator.render.facts import Facts
from parley_operator.render.labels import metadata
from parley_operator.render.names import base_name
from parley_operator.render.rendered import Finding, Manifest

MONITORS = ("PodMonitor", "ServiceMonitor")
"""A PodMonitor first: it needs no Service, and finds pods that are not ready."""
_NOTHING = ObservabilitySpec()


def observability(resource: VoiceDeployment) -> ObservabilitySpec:
    """What the spec says, or what that means where it says nothing."""
    return resource.spec.observability or _NOTHING


def monitor_kind(resource: VoiceDeployment, facts: Facts) -> str | None:
    """The kind by which Prometheus finds the pods; None where none is wanted or served."""
    wanted = observability(resource).monitor.type
    candidates = MONITORS if wanted == "Auto" else (wanted,)
    return next((kind for kind in candidates if kind in facts.apis), None)


def job(resource: VoiceDeployment) -> str:
    """The label `job` of all series of a resource."""
    return base_name(resource.metadata.name)


def selector(resource: VoiceDeployment) -> str:
    """What all series of a resource have in common, as PromQL wants it within braces."""
    return f'namespace="{resource.metadata.namespace}",job="{job(resource)}"'


def labelled(resource: VoiceDeployment, name: str, further: dict[str, str] | None) -> Manifest:
    """The metadata of an object that others select by labels of the user's."""
    content = metadata(resource, name)
    return {**content, "labels": {**(further or {}), **content["labels"]}}


def kinds_not_served(resource: VoiceDeployment, facts: Facts) -> Iterator[Finding]:
    """The cluster serves what the spec insists on; Auto insists on nothing."""
    wanted = observability(resource)
    if wanted.monitor.type in MONITORS and wanted.monitor.type not in facts.apis:
        yield _not_served("observability.monitor.type", wanted.monitor.type, other="Auto")
    if wanted.alerts.mode == "Enabled" and "PrometheusRule" not in facts.apis:
        yield _not_served("observability.alerts.mode", "PrometheusRule", other="Auto")


def _not_served(path: str, kind: str, *, other: str) -> Finding:
    message = f"the cluster does not serve {kind}: install the Prometheus operator, or set {path} to {other}"
    return Finding(ConditionType.SETTINGS_HONOURED, Reason.API_NOT_SERVED, message)
