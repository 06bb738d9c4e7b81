"""`spec.workerPools`: speech servers of one's own beside the gateway."""

from __future__ import annotations

from typing import Any

from tests.operator.fields.row import ABSENT, MADE, OTHER, Row, below, table
from tests.operator.fields.shared import as_fallback, selector_rows
from tests.operator.fields.tables.affinity import AFFINITY
from tests.unit.operator.examples import MINIMAL, secret

POOL: dict[str, Any] = {"name": "piper", "role": "TTS", "image": "example.com/piper:1"}
EAR = {**POOL, "name": "whisper", "role": "STT"}
EMBEDDED = MINIMAL["spec"]["pipeline"]
SPEAKER = {"provider": "WorkerPool", "workerPool": {"name": "piper"}, "model": "piper", "voice": "amy"}
SPOKEN = {**EMBEDDED, "tts": SPEAKER}
HEARD = {**EMBEDDED, "stt": {"provider": "WorkerPool", "workerPool": {"name": "whisper"}, "model": "large-v3"}}
LABELS = {
    "matchLabels": {"app": "proxy"},
    "matchExpressions": [{"key": "tier", "operator": "In", "values": ["edge"]}],
}
PODS = {"podSelector": LABELS, "namespaceSelector": LABELS}
BLOCK = {"ipBlock": {"cidr": "10.20.0.0/16", "except": ["10.20.9.0/24"]}}
REGION = {"name": "REGION", "value": "west"}
FROM_SECRET = {"name": "REGION", "valueFrom": secret("site", "region")}
FROM_MAP = {"name": "REGION", "valueFrom": {"configMapKeyRef": {"name": "site", "key": "region"}}}
TOLERATION = {"key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoExecute", "tolerationSeconds": 60}
CACHE = {"type": "EmptyDir", "emptyDir": {"sizeLimit": "2Gi"}}
CLAIM = {"type": "PersistentVolumeClaim", "persistentVolumeClaim": {"size": "20Gi"}}
OWN = {"type": "PersistentVolumeClaim", "persistentVolumeClaim": {"claimName": "models"}}

POOLS = below(
    "spec.workerPools[]",
    table(
        Row(
            "name",
            "amy",
            {
                "Deployment/pool-amy": MADE,
                "Deployment/pool-piper": ABSENT,
                "NetworkPolicy/pool-amy": MADE,
                "NetworkPolicy/pool-piper": ABSENT,
                "PodDisruptionBudget/pool-amy": MADE,
                "PodDisruptionBudget/pool-piper": ABSENT,
                "Service/pool-amy": MADE,
                "Service/pool-piper": ABSENT,
                "ServiceAccount/pool-amy": MADE,
                "ServiceAccount/pool-piper": ABSENT,
                "pod/pool-amy": MADE,
                "pod/pool-piper": ABSENT,
            },
        ),
        Row(
            "image", "example.com/piper:2", {"pod/pool-piper spec.containers[worker].image": "example.com/piper:2"}
        ),
        Row("command", ["serve"], {"pod/pool-piper spec.containers[worker].command": ["serve"]}),
        Row("args", ["--fast"], {"pod/pool-piper spec.containers[worker].args": ["--fast"]}),
        Row(
            "port",
            9000,
            {
                "NetworkPolicy/pool-piper spec.ingress[0].ports[0].port": 9000,
                "pod/pool-piper spec.containers[worker].env[PARLEY_PORT].value": "9000",
                "pod/pool-piper spec.containers[worker].ports[http].containerPort": 9000,
            },
        ),
        Row("replicas", 3, {"Deployment/pool-piper spec.replicas": 3}),
        Row(
            "resources.requests",
            {"cpu": "700m"},
            {"pod/pool-piper spec.containers[worker].resources.requests.cpu": "700m"},
        ),
        Row(
            "resources.limits",
            {"nvidia.com/gpu": 1},
            {
                "Deployment/pool-piper spec.strategy.rollingUpdate.maxSurge": 0,
                "Deployment/pool-piper spec.strategy.rollingUpdate.maxUnavailable": 1,
                "pod/pool-piper spec.containers[worker].resources.limits.nvidia.com/gpu": "1",
            },
        ),
        Row(
            "models.maxResident",
            2,
            {
                "pod/pool-piper spec.containers[worker].env[PARLEY_MODELS_MAX_RESIDENT]": {
                    "name": "PARLEY_MODELS_MAX_RESIDENT",
                    "value": "2",
                }
            },
        ),
        Row(
            "models.ttl",
            "24h",
            {
                "pod/pool-piper spec.containers[worker].env[PARLEY_MODELS_TTL_SECONDS]": {
                    "name": "PARLEY_MODELS_TTL_SECONDS",
                    "value": "86400",
                }
            },
        ),
        Row(
            "probe.path",
            "/health",
            {
                "pod/pool-piper spec.containers[worker].readinessProbe.httpGet": {
                    "path": "/health",
                    "port": "http",
                    "scheme": "HTTP",
                },
                "pod/pool-piper spec.containers[worker].readinessProbe.tcpSocket": ABSENT,
                "pod/pool-piper spec.containers[worker].startupProbe.httpGet": {
                    "path": "/health",
                    "port": "http",
                    "scheme": "HTTP",
                },
                "pod/pool-piper spec.containers[worker].startupProbe.tcpSocket": ABSENT,
            },
        ),
        Row(
            "probe.startupTimeout",
            "15m",
            {
                "Deployment/pool-piper spec.progressDeadlineSeconds": 1800,
                "pod/pool-piper spec.containers[worker].startupProbe.failureThreshold": 180,
            },
        ),
        Row(
            "updates",
            "Replace",
            {
                "Deployment/pool-piper spec.strategy.rollingUpdate.maxSurge": 0,
                "Deployment/pool-piper spec.strategy.rollingUpdate.maxUnavailable": 1,
            },
        ),
        Row("nodeSelector", {"pool": "gpu"}, {"pod/pool-piper spec.nodeSelector": {"pool": "gpu"}}),
        Row("priorityClassName", "calls", {"pod/pool-piper spec.priorityClassName": "calls"}),
        Row("runtimeClassName", "nvidia", {"pod/pool-piper spec.runtimeClassName": "nvidia"}),
        Row(
            "serviceAccountAnnotations",
            {"example.com/role": "models"},
            {"ServiceAccount/pool-piper metadata.annotations": {"example.com/role": "models"}},
        ),
        workerPools=[{**POOL}],
    ),
)

SCALED = below(
    "spec.workerPools[].scaling",
    table(
        Row(
            "minReplicas",
            2,
            {"Deployment/pool-piper spec.replicas": 2, "HorizontalPodAutoscaler/pool-piper spec.minReplicas": 2},
        ),
        Row("maxReplicas", 6, {"HorizontalPodAutoscaler/pool-piper spec.maxReplicas": 6}),
        Row(
            "targetCPUPercent",
            60,
            {
                "HorizontalPodAutoscaler/pool-piper spec.metrics": [
                    {
                        "type": "ContainerResource",
                        "containerResource": {
                            "name": "cpu",
                            "container": "worker",
                            "target": {"type": "Utilization", "averageUtilization": 60},
                        },
                    },
                    {
                        "type": "Pods",
                        "pods": {
                            "metric": {"name": "queue_depth"},
                            "target": {"type": "AverageValue", "averageValue": "5"},
                        },
                    },
                ]
            },
        ),
        Row(
            "podMetric.name",
            "requests",
            {"HorizontalPodAutoscaler/pool-piper spec.metrics[0].pods.metric.name": "requests"},
        ),
        Row(
            "podMetric.averageValue",
            "7",
            {"HorizontalPodAutoscaler/pool-piper spec.metrics[0].pods.target.averageValue": "7"},
        ),
        Row(
            "scaleDownWindow",
            "20m",
            {"HorizontalPodAutoscaler/pool-piper spec.behavior.scaleDown.stabilizationWindowSeconds": 1200},
        ),
        workerPools=[
            {**POOL, "scaling": {"maxReplicas": 4, "podMetric": {"name": "queue_depth", "averageValue": "5"}}}
        ],
    ),
)

VARIABLES = below(
    "spec.workerPools[].env[]",
    table(
        Row(
            "name",
            "ZONE",
            {
                "pod/pool-piper spec.containers[worker].env[REGION]": ABSENT,
                "pod/pool-piper spec.containers[worker].env[ZONE]": {"name": "ZONE", "value": "west"},
            },
        ),
        Row("value", "east", {"pod/pool-piper spec.containers[worker].env[REGION].value": "east"}),
        workerPools=[{**POOL, "env": [REGION]}],
    ),
)

FROM_SECRETS = below(
    "spec.workerPools[].env[].valueFrom.secretKeyRef",
    table(
        Row(
            "name",
            "other",
            {"pod/pool-piper spec.containers[worker].env[REGION].valueFrom.secretKeyRef.name": "other"},
        ),
        Row(
            "key",
            "other",
            {"pod/pool-piper spec.containers[worker].env[REGION].valueFrom.secretKeyRef.key": "other"},
        ),
        workerPools=[{**POOL, "env": [FROM_SECRET]}],
    ),
)

FROM_MAPS = below(
    "spec.workerPools[].env[].valueFrom.configMapKeyRef",
    table(
        Row(
            "name",
            "other",
            {"pod/pool-piper spec.containers[worker].env[REGION].valueFrom.configMapKeyRef.name": "other"},
        ),
        Row(
            "key",
            "other",
            {"pod/pool-piper spec.containers[worker].env[REGION].valueFrom.configMapKeyRef.key": "other"},
        ),
        workerPools=[{**POOL, "env": [FROM_MAP]}],
    ),
)

CACHES = below(
    "spec.workerPools[].modelCache",
    table(
        Row(
            "type",
            "PersistentVolumeClaim",
            {
                "Deployment/pool-piper spec.strategy.rollingUpdate.maxSurge": 0,
                "Deployment/pool-piper spec.strategy.rollingUpdate.maxUnavailable": 1,
                "pod/pool-piper spec.volumes[models].emptyDir": ABSENT,
                "pod/pool-piper spec.volumes[models].persistentVolumeClaim": {"claimName": "models"},
            },
            also={"emptyDir": ABSENT, "persistentVolumeClaim": {"claimName": "models"}},
        ),
        Row("emptyDir.sizeLimit", "4Gi", {"pod/pool-piper spec.volumes[models].emptyDir.sizeLimit": "4Gi"}),
        Row(
            "mountPath",
            "/cache",
            {
                "pod/pool-piper spec.containers[worker].env[PARLEY_MODEL_CACHE].value": "/cache",
                "pod/pool-piper spec.containers[worker].env[XDG_CACHE_HOME].value": "/cache",
                "pod/pool-piper spec.containers[worker].volumeMounts[models].mountPath": "/cache",
            },
        ),
        workerPools=[{**POOL, "modelCache": CACHE}],
    ),
)

TOLERANT = below(
    "spec.workerPools[].tolerations[]",
    table(
        Row("key", "calls", {"pod/pool-piper spec.tolerations[0].key": "calls"}),
        Row(
            "operator",
            "Exists",
            {
                "pod/pool-piper spec.tolerations[0].operator": "Exists",
                "pod/pool-piper spec.tolerations[0].value": ABSENT,
            },
            also={"value": ABSENT},
        ),
        Row("value", "no", {"pod/pool-piper spec.tolerations[0].value": "no"}),
        Row(
            "effect",
            "NoSchedule",
            {
                "pod/pool-piper spec.tolerations[0].effect": "NoSchedule",
                "pod/pool-piper spec.tolerations[0].tolerationSeconds": ABSENT,
            },
            also={"tolerationSeconds": ABSENT},
        ),
        Row("tolerationSeconds", 90, {"pod/pool-piper spec.tolerations[0].tolerationSeconds": 90}),
        workerPools=[{**POOL, "tolerations": [TOLERATION]}],
    ),
)

OWN_CLAIMS = below(
    "spec.workerPools[].modelCache.persistentVolumeClaim",
    table(
        Row(
            "claimName", "other", {"pod/pool-piper spec.volumes[models].persistentVolumeClaim.claimName": "other"}
        ),
        workerPools=[{**POOL, "modelCache": OWN}],
    ),
)

CLAIMS = below(
    "spec.workerPools[].modelCache.persistentVolumeClaim",
    table(
        Row(
            "size",
            "30Gi",
            {"PersistentVolumeClaim/pool-piper spec.resources.requests.storage": "30Gi"},
            is_stored=False,
        ),
        Row(
            "storageClassName",
            "fast",
            {"PersistentVolumeClaim/pool-piper spec.storageClassName": "fast"},
            is_stored=False,
        ),
        Row(
            "accessModes",
            ["ReadWriteMany"],
            {
                "Deployment/pool-piper spec.strategy.rollingUpdate.maxSurge": 1,
                "Deployment/pool-piper spec.strategy.rollingUpdate.maxUnavailable": 0,
                "PersistentVolumeClaim/pool-piper spec.accessModes[0]": "ReadWriteMany",
            },
            is_stored=False,
        ),
        workerPools=[{**POOL, "modelCache": CLAIM}],
    ),
)

SERVED = below(
    "spec.workerPools[]",
    table(
        Row("role", "STT", refused="does not have with role TTS"),
        Row("apiPath", "/api", {"config pipeline.tts.base_url": OTHER}),
        workerPools=[{**POOL}],
        pipeline=SPOKEN,
    ),
)

PORTS = below(
    "spec.workerPools[].additionalEgress[].ports[]",
    table(
        Row("protocol", "UDP", {"NetworkPolicy/pool-piper spec.egress[3].ports[0].protocol": "UDP"}),
        Row("port", 7999, {"NetworkPolicy/pool-piper spec.egress[3].ports[0].port": 7999}),
        Row("endPort", 8020, {"NetworkPolicy/pool-piper spec.egress[3].ports[0].endPort": 8020}),
        workerPools=[
            {**POOL, "additionalEgress": [{"ports": [{"protocol": "TCP", "port": 8000, "endPort": 8010}]}]}
        ],
    ),
)

TO_PODS = below(
    "spec.workerPools[].additionalEgress[].to[]",
    table(
        *selector_rows("podSelector", "NetworkPolicy/pool-piper spec.egress[3].to[0].podSelector"),
        *selector_rows("namespaceSelector", "NetworkPolicy/pool-piper spec.egress[3].to[0].namespaceSelector"),
        workerPools=[{**POOL, "additionalEgress": [{"to": [PODS]}]}],
    ),
)

TO_BLOCKS = below(
    "spec.workerPools[].additionalEgress[].to[].ipBlock",
    table(
        Row(
            "cidr", "10.20.8.0/21", {"NetworkPolicy/pool-piper spec.egress[3].to[0].ipBlock.cidr": "10.20.8.0/21"}
        ),
        Row(
            "except",
            ["10.20.7.0/24"],
            {"NetworkPolicy/pool-piper spec.egress[3].to[0].ipBlock.except[0]": "10.20.7.0/24"},
        ),
        workerPools=[{**POOL, "additionalEgress": [{"to": [BLOCK]}]}],
    ),
)

AFFINE = below(
    "spec.workerPools[]",
    table(
        Row("affinity", AFFINITY, {"pod/pool-piper spec.affinity": AFFINITY}),
        workerPools=[{**POOL}],
    ),
)

CHOSEN = below(
    "spec.pipeline.tts",
    table(
        Row(
            "workerPool.name",
            "amy",
            {
                "NetworkPolicy spec.egress[3].to[0].podSelector.matchLabels.parley.dev/pool": "amy",
                "config pipeline.tts.base_url": OTHER,
            },
        ),
        workerPools=[POOL, {**POOL, "name": "amy"}],
        pipeline=SPOKEN,
    ),
)

CHOSEN_EAR = below(
    "spec.pipeline.stt",
    table(
        Row(
            "workerPool.name",
            "other",
            {
                "NetworkPolicy spec.egress[3].to[0].podSelector.matchLabels.parley.dev/pool": "other",
                "config pipeline.stt.base_url": OTHER,
            },
        ),
        workerPools=[EAR, {**EAR, "name": "other"}],
        pipeline=HEARD,
    ),
)

FALLBACKS = as_fallback("tts", CHOSEN) + as_fallback("stt", CHOSEN_EAR)

ROWS = (
    POOLS
    + SCALED
    + VARIABLES
    + FROM_SECRETS
    + FROM_MAPS
    + CACHES
    + TOLERANT
    + OWN_CLAIMS
    + CLAIMS
    + SERVED
    + PORTS
    + TO_PODS
    + TO_BLOCKS
    + AFFINE
    + CHOSEN
    + CHOSEN_EAR
    + FALLBACKS
)
