"""`spec.pod.affinity`: Kubernetes' own, taken as it stands. Every field of it is set here."""

from __future__ import annotations

from tests.operator.fields.row import Row

SELECTOR = {
    "matchLabels": {"app": "proxy"},
    "matchExpressions": [{"key": "tier", "operator": "In", "values": ["edge"]}],
}
NODES = {
    "matchExpressions": [{"key": "pool", "operator": "In", "values": ["cpu"]}],
    "matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["node-7"]}],
}
PODS = {
    "topologyKey": "kubernetes.io/hostname",
    "labelSelector": SELECTOR,
    "namespaceSelector": SELECTOR,
    "namespaces": ["proxies"],
    "matchLabelKeys": ["pod-template-hash"],
}
BETWEEN_PODS = {
    "requiredDuringSchedulingIgnoredDuringExecution": [PODS],
    "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 5, "podAffinityTerm": PODS}],
}
AFFINITY = {
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [NODES]},
        "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 5, "preference": NODES}],
    },
    "podAffinity": BETWEEN_PODS,
    "podAntiAffinity": BETWEEN_PODS,
}

ROWS = (Row("spec.pod.affinity", AFFINITY, {"pod spec.affinity": AFFINITY}),)
