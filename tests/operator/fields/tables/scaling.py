"""`spec.scaling`: how many pods there are, and who decides."""

from __future__ import annotations

from tests.operator.fields.row import ABSENT, Row, below, table

ROWS = below(
    "spec.scaling",
    table(
        Row("type", "Fixed", {"HorizontalPodAutoscaler": ABSENT}, also={"maxReplicas": ABSENT}),
        Row("minReplicas", 2, {"Deployment spec.replicas": 2, "HorizontalPodAutoscaler spec.minReplicas": 2}),
        Row("maxReplicas", 9, {"HorizontalPodAutoscaler spec.maxReplicas": 9}),
        Row(
            "targetCPUPercent",
            50,
            {"HorizontalPodAutoscaler spec.metrics[0].containerResource.target.averageUtilization": 50},
        ),
        Row(
            "scaleDownWindow",
            "20m",
            {"HorizontalPodAutoscaler spec.behavior.scaleDown.stabilizationWindowSeconds": 1200},
        ),
        scaling={"type": "HPA", "maxReplicas": 5},
    ),
)
