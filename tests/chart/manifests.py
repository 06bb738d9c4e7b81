"""Ways to look at a list of manifests."""

from __future__ import annotations

from typing import Any

Manifests = list[dict[str, Any]]


def of_kind(manifests: Manifests, kind: str) -> Manifests:
    """The manifests of this kind."""
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def the(manifests: Manifests, kind: str) -> dict[str, Any]:
    """The only manifest of this kind."""
    [manifest] = of_kind(manifests, kind)
    return manifest


def identity(manifest: dict[str, Any]) -> tuple[str, str, str]:
    """Kind, namespace and name."""
    metadata = manifest["metadata"]
    return manifest["kind"], metadata.get("namespace", ""), metadata["name"]


def is_test(manifest: dict[str, Any]) -> bool:
    """Whether `helm test` makes it, not `helm install`."""
    annotations: dict[str, str] = manifest["metadata"].get("annotations", {})
    return annotations.get("helm.sh/hook") == "test"
