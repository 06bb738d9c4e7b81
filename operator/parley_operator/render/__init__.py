"""Pure functions from a spec and facts about the cluster to manifests."""

from parley_operator.render.everything import render
from parley_operator.render.facts import Facts
from parley_operator.render.rendered import Finding, Manifest, ObjectKey, Rendered, ServedCertificate, object_key

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
