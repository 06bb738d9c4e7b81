"""The PrometheusRule: the alerts that concern this resource."""

from __future__ import annotations

from typing import Any

from parley_operator.api import VoiceDeployment
from parley_operator.render.alerts import ALERTS, Alert
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.facts import Facts
from parley_operator.render.monitoring import labelled, observability, selector
from parley_operator.render.names import base_name
from parley_operator.render.rendered import Manifest

KIND = "PrometheusRule"
GROUP = "voice"


def prometheus_rule(resource: VoiceDeployment, facts: Facts) -> Manifest | None:
    """The rules; None where they are not wanted, or the cluster does not serve the kind."""
    wanted = observability(resource).alerts
    if wanted.mode == "Disabled" or KIND not in facts.apis:
        return None
    return {
        "apiVersion": OPTIONAL[KIND].api_version,
        "kind": KIND,
        "metadata": labelled(resource, base_name(resource.metadata.name), wanted.labels),
        "spec": {"groups": rule_groups(resource)},
    }


def rule_groups(resource: VoiceDeployment) -> list[dict[str, Any]]:
    """As Prometheus itself reads them."""
    rules = [_rule(resource, alert) for alert in ALERTS if alert.concerns(resource)]
    return [{"name": GROUP, "rules": rules}]


def _rule(resource: VoiceDeployment, alert: Alert) -> dict[str, Any]:
    where = f"{resource.metadata.namespace}/{resource.metadata.name}"
    runbook = observability(resource).alerts.runbook_url
    return {
        "alert": alert.name,
        "expr": alert.expression(resource, selector(resource)),
        **({"for": alert.lasting} if alert.lasting else {}),
        "labels": {"severity": alert.severity, "voice_deployment": resource.metadata.name},
        "annotations": {
            "summary": f"{where}: {alert.summary}",
            "description": alert.description,
            "runbook": f"docs/runbooks/{alert.name}.md",
            **({"runbook_url": runbook.replace("{alert}", alert.name)} if runbook else {}),
        },
    }
