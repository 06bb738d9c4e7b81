"""Objects as the API server's JSON has them, and what is in those that hold data."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
Data = Mapping[str, bytes]
"""What a Secret or a ConfigMap holds, by key."""


def decode_data(body: Json, *, kind: str) -> Data:
    """The data of a Secret, or of a ConfigMap, whose keys hold text or bytes."""
    encoded = body.get("data" if kind == "Secret" else "binaryData") or {}
    data = {key: base64.b64decode(value) for key, value in encoded.items()}
    if kind == "ConfigMap":
        data |= {key: value.encode() for key, value in (body.get("data") or {}).items()}
    return data
