"""The gateway's container, as autoscalers, network policies, the operator and `parley` find it."""

from __future__ import annotations

CONTAINER = "gateway"
PORT = 8080
"""For clients, probes and metrics."""
