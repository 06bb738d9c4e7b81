"""Small manifests that several parts need, and where the API server has their kinds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Manifest = dict[str, Any]

COLLECTIONS = {
    "APIService": "/apis/apiregistration.k8s.io/v1/apiservices",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "EndpointSlice": "/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices",
    "IngressClass": "/apis/networking.k8s.io/v1/ingressclasses",
    "Node": "/api/v1/nodes",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings",
    "Service": "/api/v1/namespaces/{namespace}/services",
}
RBAC = "rbac.authorization.k8s.io"


def path_of(manifest: Manifest) -> str:
    """The URL path of a manifest's object."""
    metadata = manifest["metadata"]
    collection = COLLECTIONS[manifest["kind"]].format(namespace=metadata.get("namespace"))
    return f"{collection}/{metadata['name']}"


def cluster_role(user: str, *, rules: Sequence[tuple[str, str, str]]) -> list[Manifest]:
    """What a part's user may do everywhere: rules of (API group, resources, verbs), space-separated."""
    role = {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": user},
        "rules": [
            {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}
            for group, resources, verbs in rules
        ],
    }
    return [role, cluster_role_binding(user, role=user)]


def cluster_role_binding(user: str, *, role: str) -> Manifest:
    """Gives a part's user a ClusterRole."""
    return {
        "kind": "ClusterRoleBinding",
        "metadata": {"name": f"{user}:{role}"},
        **_grant("ClusterRole", role, user),
    }


def role_binding(user: str, *, role: str, namespace: str) -> Manifest:
    """Gives a part's user a Role of one namespace."""
    metadata = {"name": f"{user}:{role}", "namespace": namespace}
    return {"kind": "RoleBinding", "metadata": metadata, **_grant("Role", role, user)}


def _grant(kind: str, role: str, user: str) -> Manifest:
    return {
        "apiVersion": f"{RBAC}/v1",
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": role},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": user}],
    }
