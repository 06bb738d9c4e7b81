"""The spec's own fields: how many pods there are, of which release."""

from __future__ import annotations

from tests.operator.fields.row import Row, below, table

ROWS = below(
    "spec",
    table(
        Row(
            "version",
            "0.2",
            {
                "pod metadata.labels.app.kubernetes.io/version": "0.2",
                "pod spec.containers[gateway].image": "example.com/parley/gateway:0.2",
            },
        ),
        Row("suspend", True, {"Deployment spec.replicas": 0}),
        Row("replicas", 3, {"Deployment spec.replicas": 3}),
    ),
)
