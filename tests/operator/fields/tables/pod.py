"""`spec.pod`: what may be said about the gateway's pods."""

from __future__ import annotations

from tests.operator.fields.row import ABSENT, Row, below, table
from tests.unit.operator.examples import secret

TOLERATION = {"key": "voice", "operator": "Equal", "value": "yes", "effect": "NoExecute", "tolerationSeconds": 60}
SPREAD = {
    "maxSkew": 1,
    "topologyKey": "topology.kubernetes.io/zone",
    "whenUnsatisfiable": "DoNotSchedule",
}
REGION = {"name": "REGION", "value": "west"}
FROM_SECRET = {"name": "REGION", "valueFrom": secret("site", "region")}
FROM_MAP = {"name": "REGION", "valueFrom": {"configMapKeyRef": {"name": "site", "key": "region"}}}

METADATA = below(
    "spec.pod",
    table(
        Row("labels", {"team": "bakery"}, {"pod metadata.labels.team": "bakery"}),
        Row(
            "annotations",
            {"example.com/owner": "bakery"},
            {"pod metadata.annotations.example.com/owner": "bakery"},
        ),
        Row(
            "serviceAccountAnnotations",
            {"example.com/role": "voice"},
            {"ServiceAccount metadata.annotations": {"example.com/role": "voice"}},
        ),
        Row(
            "nodeSelector",
            {"kubernetes.io/arch": "arm64"},
            {"pod spec.nodeSelector": {"kubernetes.io/arch": "arm64"}},
        ),
        Row(
            "resources.requests", {"cpu": "500m"}, {"pod spec.containers[gateway].resources.requests.cpu": "500m"}
        ),
        Row(
            "resources.limits",
            {"memory": "2048Mi"},
            {"pod spec.containers[gateway].resources.limits.memory": "2Gi"},
        ),
    ),
)

PLACEMENT = below(
    "spec.pod",
    table(
        Row(
            "imagePullSecrets[].name",
            "other",
            {"pod spec.imagePullSecrets[other]": {"name": "other"}, "pod spec.imagePullSecrets[registry]": ABSENT},
        ),
        Row("tolerations[].key", "calls", {"pod spec.tolerations[0].key": "calls"}),
        Row(
            "tolerations[].operator",
            "Exists",
            {"pod spec.tolerations[0].operator": "Exists", "pod spec.tolerations[0].value": ABSENT},
            also={"tolerations[].value": ABSENT},
        ),
        Row("tolerations[].value", "no", {"pod spec.tolerations[0].value": "no"}),
        Row(
            "tolerations[].effect",
            "NoSchedule",
            {"pod spec.tolerations[0].effect": "NoSchedule", "pod spec.tolerations[0].tolerationSeconds": ABSENT},
            also={"tolerations[].tolerationSeconds": ABSENT},
        ),
        Row("tolerations[].tolerationSeconds", 90, {"pod spec.tolerations[0].tolerationSeconds": 90}),
        Row("topologySpreadConstraints[].maxSkew", 2, {"pod spec.topologySpreadConstraints[0].maxSkew": 2}),
        Row(
            "topologySpreadConstraints[].topologyKey",
            "kubernetes.io/hostname",
            {"pod spec.topologySpreadConstraints[0].topologyKey": "kubernetes.io/hostname"},
        ),
        Row(
            "topologySpreadConstraints[].whenUnsatisfiable",
            "ScheduleAnyway",
            {"pod spec.topologySpreadConstraints[0].whenUnsatisfiable": "ScheduleAnyway"},
        ),
        Row("topologySpreadConstraints[].minDomains", 2, {"pod spec.topologySpreadConstraints[0].minDomains": 2}),
        Row(
            "topologySpreadConstraints[].nodeAffinityPolicy",
            "Ignore",
            {"pod spec.topologySpreadConstraints[0].nodeAffinityPolicy": "Ignore"},
        ),
        Row(
            "topologySpreadConstraints[].nodeTaintsPolicy",
            "Honor",
            {"pod spec.topologySpreadConstraints[0].nodeTaintsPolicy": "Honor"},
        ),
        pod={
            "imagePullSecrets": [{"name": "registry"}],
            "tolerations": [TOLERATION],
            "topologySpreadConstraints": [SPREAD],
        },
    ),
)

VARIABLES = below(
    "spec.pod",
    table(
        Row(
            "env[].name",
            "ZONE",
            {
                "pod spec.containers[gateway].env[REGION]": ABSENT,
                "pod spec.containers[gateway].env[ZONE]": {"name": "ZONE", "value": "west"},
            },
        ),
        Row("env[].value", "east", {"pod spec.containers[gateway].env[REGION].value": "east"}),
        pod={"env": [REGION]},
    ),
)

FROM_SECRETS = below(
    "spec.pod.env[]",
    table(
        Row(
            "valueFrom.secretKeyRef.name",
            "other",
            {"pod spec.containers[gateway].env[REGION].valueFrom.secretKeyRef.name": "other"},
        ),
        Row(
            "valueFrom.secretKeyRef.key",
            "other",
            {"pod spec.containers[gateway].env[REGION].valueFrom.secretKeyRef.key": "other"},
        ),
        pod={"env": [FROM_SECRET]},
    ),
)

FROM_MAPS = below(
    "spec.pod.env[]",
    table(
        Row(
            "valueFrom.configMapKeyRef.name",
            "other",
            {"pod spec.containers[gateway].env[REGION].valueFrom.configMapKeyRef.name": "other"},
        ),
        Row(
            "valueFrom.configMapKeyRef.key",
            "other",
            {"pod spec.containers[gateway].env[REGION].valueFrom.configMapKeyRef.key": "other"},
        ),
        pod={"env": [FROM_MAP]},
    ),
)

TRUST = below(
    "spec.pod",
    table(
        Row("trustBundle.configMapKeyRef.name", "other", {"pod spec.volumes[trust].configMap.name": "other"}),
        Row(
            "trustBundle.configMapKeyRef.key", "other", {"pod spec.volumes[trust].configMap.items[0].key": "other"}
        ),
        pod={"trustBundle": {"configMapKeyRef": {"name": "company-ca", "key": "ca.pem"}}},
    ),
)

SECRET_TRUST = below(
    "spec.pod.trustBundle.secretKeyRef",
    table(
        Row("name", "other", {"pod spec.volumes[trust].secret.secretName": "other"}),
        Row("key", "other", {"pod spec.volumes[trust].secret.items[0].key": "other"}),
        pod={"trustBundle": secret("company-ca", "ca.pem")},
    ),
)

_VALUE = "pod spec.containers[gateway].env[{}].value"
_DIRECT = "localhost,127.0.0.1,::1,.svc,.cluster.local"
PROXY = below(
    "spec.pod.proxy",
    table(
        *(
            Row(
                field,
                "http://other.example.com:3128",
                {_VALUE.format(name): "http://other.example.com:3128" for name in (name, name.lower())},
            )
            for field, name in (("httpProxy", "HTTP_PROXY"), ("httpsProxy", "HTTPS_PROXY"))
        ),
        Row(
            "noProxy",
            [".example.com"],
            {_VALUE.format(name): f"{_DIRECT},.example.com" for name in ("NO_PROXY", "no_proxy")},
        ),
        pod={"proxy": dict.fromkeys(("httpProxy", "httpsProxy"), "http://proxy.example.com:3128")},
    ),
)

CLASSES = below(
    "spec.pod",
    table(
        Row("priorityClassName", "calls", {"pod spec.priorityClassName": "calls"}),
        Row("runtimeClassName", "gvisor", {"pod spec.runtimeClassName": "gvisor"}),
    ),
)

ROWS = METADATA + PLACEMENT + VARIABLES + FROM_SECRETS + FROM_MAPS + TRUST + SECRET_TRUST + PROXY + CLASSES
