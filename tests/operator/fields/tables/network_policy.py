"""`spec.networkPolicy`: with whom the pods may talk."""

from __future__ import annotations

from tests.operator.fields.row import ABSENT, Row, below, table
from tests.operator.fields.shared import selector_rows

LABELS = {
    "matchLabels": {"app": "proxy"},
    "matchExpressions": [{"key": "tier", "operator": "In", "values": ["edge"]}],
}
PODS = {"podSelector": LABELS, "namespaceSelector": LABELS}
BLOCK = {"ipBlock": {"cidr": "10.20.0.0/16", "except": ["10.20.9.0/24"]}}

MODE = below(
    "spec.networkPolicy",
    table(
        Row("mode", "Disabled", {"NetworkPolicy": ABSENT}),
    ),
)

FROM_PODS = below(
    "spec.networkPolicy.ingressFrom[]",
    table(
        *selector_rows("podSelector", "NetworkPolicy spec.ingress[0].from[0].podSelector"),
        *selector_rows("namespaceSelector", "NetworkPolicy spec.ingress[0].from[0].namespaceSelector"),
        networkPolicy={"ingressFrom": [PODS]},
    ),
)

FROM_BLOCKS = below(
    "spec.networkPolicy.ingressFrom[].ipBlock",
    table(
        Row("cidr", "10.20.8.0/21", {"NetworkPolicy spec.ingress[0].from[0].ipBlock.cidr": "10.20.8.0/21"}),
        Row(
            "except", ["10.20.7.0/24"], {"NetworkPolicy spec.ingress[0].from[0].ipBlock.except[0]": "10.20.7.0/24"}
        ),
        networkPolicy={"ingressFrom": [BLOCK]},
    ),
)

TO_PODS = below(
    "spec.networkPolicy.additionalEgress[].to[]",
    table(
        *selector_rows("podSelector", "NetworkPolicy spec.egress[3].to[0].podSelector"),
        *selector_rows("namespaceSelector", "NetworkPolicy spec.egress[3].to[0].namespaceSelector"),
        networkPolicy={"additionalEgress": [{"to": [PODS]}]},
    ),
)

TO_BLOCKS = below(
    "spec.networkPolicy.additionalEgress[].to[].ipBlock",
    table(
        Row("cidr", "10.20.8.0/21", {"NetworkPolicy spec.egress[3].to[0].ipBlock.cidr": "10.20.8.0/21"}),
        Row("except", ["10.20.7.0/24"], {"NetworkPolicy spec.egress[3].to[0].ipBlock.except[0]": "10.20.7.0/24"}),
        networkPolicy={"additionalEgress": [{"to": [BLOCK]}]},
    ),
)

PORTS = below(
    "spec.networkPolicy.additionalEgress[].ports[]",
    table(
        Row("protocol", "UDP", {"NetworkPolicy spec.egress[3].ports[0].protocol": "UDP"}),
        Row("port", 7999, {"NetworkPolicy spec.egress[3].ports[0].port": 7999}),
        Row("endPort", 8020, {"NetworkPolicy spec.egress[3].ports[0].endPort": 8020}),
        networkPolicy={"additionalEgress": [{"ports": [{"protocol": "TCP", "port": 8000, "endPort": 8010}]}]},
    ),
)

ROWS = MODE + FROM_PODS + FROM_BLOCKS + TO_PODS + TO_BLOCKS + PORTS
