"""One namespace of the cluster, as a person with kubectl sees it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from parley_operator.render.apis import OPTIONAL
from quickstart import sample
from quickstart.commands import Commands
from quickstart.watch import Object, Objects, wait_until

PATHS = {
    "Pod": "/api/v1/namespaces/{}/pods",
    "Service": "/api/v1/namespaces/{}/services",
    "Secret": "/api/v1/namespaces/{}/secrets",
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
    "Event": "/apis/events.k8s.io/v1/namespaces/{}/events",
    "Lease": "/apis/coordination.k8s.io/v1/namespaces/{}/leases",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
    "Ingress": "/apis/networking.k8s.io/v1/namespaces/{}/ingresses",
    "Middleware": "/apis/traefik.io/v1alpha1/namespaces/{}/middlewares",
    "HTTPRoute": "/apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes",
    "HorizontalPodAutoscaler": "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{}/poddisruptionbudgets",
    "VoiceDeployment": "/apis/parley.dev/v1alpha1/namespaces/{}/voicedeployments",
}
CHILDREN = tuple(kind for kind in PATHS if kind not in {"Pod", "Event", "Lease", "VoiceDeployment"})
CHILD = "labelSelector=app.kubernetes.io/managed-by=parley"
SECONDS = 90.0
"""For what takes the cluster a moment; a deadline, not an expectation."""


@dataclass(frozen=True)
class Namespace:
    """A namespace and the means to look into it."""

    name: str
    commands: Commands

    def kubectl(self, *arguments: str, given: Any = None) -> str:
        """The output of kubectl in this namespace; `given` is a manifest for standard input."""
        text = None if given is None else yaml.safe_dump(given)
        return self.commands.read("kubectl", "-n", self.name, *arguments, given=text)

    def apply(self, manifest: Object) -> None:
        """`kubectl apply`, as a person or a GitOps tool does."""
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=manifest)

    def get(self, kind: str, name: str) -> Object:
        """One object."""
        found: Object = json.loads(self.commands.read("kubectl", "get", "--raw", f"{self._path(kind)}/{name}"))
        return found

    def all(self, kind: str, query: str = "") -> Objects:
        """All objects of a kind, by name."""
        answer = json.loads(self.commands.read("kubectl", "get", "--raw", self._path(kind, query)))
        return {item["metadata"]["name"]: item for item in answer["items"]}

    def secret(self, name: str, key: str) -> str:
        """One value of a Secret."""
        return base64.b64decode(self.get("Secret", name)["data"][key]).decode()

    def make_secret(self, name: str, **values: str) -> None:
        """A Secret of a person's own."""
        self.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values})

    async def until(
        self, kind: str, holds: Callable[[Objects], bool], *, query: str = "", within: float = SECONDS
    ) -> Objects:
        """The objects of a kind, as soon as `holds` is true of them."""
        return await wait_until(self.commands, self._path(kind, query), holds, within=within)

    async def ready(self, name: str, *, within: float = 180.0) -> Object:
        """The VoiceDeployment, once it is ready at its present generation."""
        return await sample.wait_until_ready(
            self.commands, say=lambda _: None, namespace=self.name, name=name, within=within
        )

    async def condition(self, name: str, reason: str, *, of: str = "Ready", within: float = SECONDS) -> Object:
        """The condition of a VoiceDeployment, once it has this reason."""

        def found(objects: Objects) -> list[Object]:
            conditions = objects.get(name, {}).get("status", {}).get("conditions", [])
            return [item for item in conditions if item["type"] == of and item["reason"] == reason]

        objects = await self.until("VoiceDeployment", lambda objects: bool(found(objects)), within=within)
        return found(objects)[0]

    async def until_no_children(self) -> None:
        """Until no object of the operator's making is left but pods."""
        for kind in CHILDREN:
            await self.until(kind, lambda objects: not objects, query=CHILD)

    def pods(self, name: str) -> Objects:
        """The gateway pods of a VoiceDeployment."""
        return self.all("Pod", pods_of(name))

    def _path(self, kind: str, query: str = "") -> str:
        path = (PATHS.get(kind) or _optional(kind)).format(self.name)
        return f"{path}?{query}" if query else path


def _optional(kind: str) -> str:
    api = OPTIONAL[kind]
    return f"/apis/{api.api_version}/namespaces/{{}}/{api.plural}"


def pods_of(name: str) -> str:
    """The query for the gateway pods of a VoiceDeployment."""
    return f"labelSelector=parley.dev/name={name}"


def is_ready(pod: Object) -> bool:
    """Whether the pod takes new sessions."""
    conditions = pod.get("status", {}).get("conditions", [])
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


def is_leaving(item: Object) -> bool:
    """Whether the object is being deleted; such a pod drains."""
    return "deletionTimestamp" in item["metadata"]


def uids(objects: Objects) -> set[str]:
    """The identities of objects."""
    return {item["metadata"]["uid"] for item in objects.values()}
