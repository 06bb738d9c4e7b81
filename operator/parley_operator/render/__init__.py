"""Pure functions from a spec and facts about the cluster to manifests.

They come when they are first asked for, as the models of `api` do: whoever wants a label or a name loads no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley_operator.later import later
from parley_operator.render.rendered import Finding, Manifest, ObjectKey, Rendered, ServedCertificate, object_key

if TYPE_CHECKING:
    from parley_operator.render.everything import render
    from parley_operator.render.facts import Facts

__all__ = [
    "Facts",
    "Finding",
    "Manifest",
    "ObjectKey",
    "Rendered",
    "ServedCertificate",
    "object_key",
    "render",
]

if not TYPE_CHECKING:
    __getattr__ = later(__name__, {"Facts": "facts", "render": "everything"})
