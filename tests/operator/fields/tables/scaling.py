"""`spec.scaling`: how many pods there are, and who decides."""

from __future__ import annotations

from tests.operator.fields.row import ABSENT, Row, below, table

AUTOSCALERS = "tests/operator/test_autoscalers.py"
CPU = {
    "type": "ContainerResource",
    "containerResource": {
        "name": "cpu",
        "container": "gateway",
        "target": {"type": "Utilization", "averageUtilization": 70},
    },
}
SESSIONS = {
    "type": "Pods",
    "pods": {
        "metric": {"name": "voice_sessions_active"},
        "target": {"type": "AverageValue", "averageValue": "60"},
    },
}

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
        Row(
            "targetSessionsPerPod",
            60,
            {"HorizontalPodAutoscaler spec.metrics": [CPU, SESSIONS]},
            tests=(
                f"{AUTOSCALERS}::test_o06_the_autoscaler_follows_the_sessions_and_the_pod_without_a_call_goes",
            ),
        ),
        scaling={"type": "HPA", "maxReplicas": 5},
    )
    + table(
        Row(
            "prometheus.serverAddress",
            "https://thanos:9090",
            {"ScaledObject spec.triggers[0].metadata.serverAddress": "https://thanos:9090"},
        ),
        Row(
            "prometheus.authentication.kind",
            "ClusterTriggerAuthentication",
            {"ScaledObject spec.triggers[0].authenticationRef.kind": "ClusterTriggerAuthentication"},
        ),
        Row(
            "prometheus.authentication.name",
            "other",
            {"ScaledObject spec.triggers[0].authenticationRef.name": "other"},
        ),
        Row(
            "prometheus.authentication.mode",
            "Basic",
            {"ScaledObject spec.triggers[0].metadata.authModes": "basic"},
        ),
        scaling={
            "type": "KEDA",
            "maxReplicas": 5,
            "targetSessionsPerPod": 10,
            "prometheus": {
                "serverAddress": "http://prometheus:9090",
                "authentication": {"name": "login", "mode": "Bearer"},
            },
        },
    ),
)
