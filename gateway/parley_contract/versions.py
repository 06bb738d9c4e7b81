"""What the parts of Parley know each other by: apart from the models, so that telling it loads none."""

from __future__ import annotations

SCHEMA_VERSION = 1
"""The schema of GatewayConfig that this release writes. A gateway reads this version and the one before it."""
SUBPROTOCOL = "parley.v1"
"""Of the native protocol, as WebSocket has it."""
