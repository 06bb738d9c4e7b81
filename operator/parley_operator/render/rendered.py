"""What rendering gives back: manifests, what to leave alone, and what a person should know."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from parley_operator.api.conditions import ConditionType, Reason

Manifest: TypeAlias = dict[str, Any]
"""A Kubernetes object as plain JSON values, ready for server-side apply."""


class ObjectKey(NamedTuple):
    """A child of the resource; its namespace is the resource's."""

    kind: str
    name: str


@dataclass(frozen=True)
class Finding:
    """A reason for which a condition is not true."""

    condition: ConditionType
    reason: Reason
    message: str
    """In words a person can act on, with the path in the spec where there is one."""


@dataclass(frozen=True)
class ServedCertificate:
    """The certificate that the Ingress serves."""

    secret_name: str
    not_after: datetime | None
    """When it expires, in UTC; None where it cannot be read."""
    renew_after: datetime | None
    """When the operator renews it; None for a certificate of the user's own."""


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """Everything one resource turns into."""

    version: str
    """The gateway release; to be written to status.version, which keeps it."""
    selector: str
    """For status.selector."""
    endpoints: tuple[tuple[str, str], ...]
    """Protocol and URL of each endpoint, the first for most clients; for status.endpoints."""
    manifests: tuple[Manifest, ...]
    """What field manager `parley` applies, in this order. A Deployment here never says its replicas."""
    scale: Manifest | None
    """What field manager `parley-scale` applies last, by force; None: leave replicas as they are."""
    canary_scale: Manifest | None = None
    """The same for a canary; None where there is none."""
    worker_scales: tuple[Manifest, ...] = ()
    """The same for the Deployments of worker pools."""
    keep: frozenset[ObjectKey]
    """Objects to leave as they are: neither applied nor pruned."""
    certificate: ServedCertificate | None
    """For status.certificate; None where the endpoint serves none."""
    findings: tuple[Finding, ...]
    """What is wrong or not as asked, the deepest cause first."""
    canary_share: int | None = None
    """Percent of new connections that the canary gets now; None where there is no canary."""

    def without(self, held: Set[ObjectKey]) -> Rendered:
        """The same, but for some objects that are left as they are."""
        applied = tuple(manifest for manifest in self.manifests if object_key(manifest) not in held)
        return replace(self, manifests=applied, keep=self.keep | held)


def object_key(manifest: Manifest) -> ObjectKey:
    """The key of a manifest."""
    return ObjectKey(manifest["kind"], manifest["metadata"]["name"])
