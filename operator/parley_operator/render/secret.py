"""A Secret as a manifest."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from parley_operator.api import VoiceDeployment
from parley_operator.render.labels import metadata
from parley_operator.render.rendered import Manifest


def secret(resource: VoiceDeployment, name: str, values: Mapping[str, bytes], *, kind: str = "Opaque") -> Manifest:
    """A Secret of the resource. `data` rather than `stringData`, which the server never gives back."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata(resource, name),
        "type": kind,
        "data": {key: base64.b64encode(value).decode() for key, value in sorted(values.items())},
    }
