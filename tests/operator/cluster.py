"""What tests do to a cluster and what they wait for: by watches, each wait with a deadline."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from parley_operator.kube.client import Client
from parley_operator.kube.connection import connect
from parley_operator.kube.errors import AlreadyExistsError, ConflictError, NotFoundError
from parley_operator.render.apis import GATEWAY, OPTIONAL

Json = dict[str, Any]
Check = Callable[[Json | None], bool]

LONG_AGO = "2026-01-01T00:00:00Z"
SECONDS = 30.0
COLLECTED_SECONDS = 90.0
"""For what the garbage collector deletes: it looks for kinds that are new to it every half a minute."""
"""For what the operator does: many times longer than it takes, so that a slow machine fails no test."""

PLURALS = {
    **{kind: f"/apis/{api.api_version}/{{}}/{api.plural}" for kind, api in OPTIONAL.items()},
    "Gateway": f"/apis/{GATEWAY.api_version}/{{}}/{GATEWAY.plural}",
    "ConfigMap": "/api/v1/{}/configmaps",
    "ControllerRevision": "/apis/apps/v1/{}/controllerrevisions",
    "Deployment": "/apis/apps/v1/{}/deployments",
    "Event": "/apis/events.k8s.io/v1/{}/events",
    "HorizontalPodAutoscaler": "/apis/autoscaling/v2/{}/horizontalpodautoscalers",
    "Ingress": "/apis/networking.k8s.io/v1/{}/ingresses",
    "Lease": "/apis/coordination.k8s.io/v1/{}/leases",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/{}/networkpolicies",
    "PersistentVolumeClaim": "/api/v1/{}/persistentvolumeclaims",
    "Pod": "/api/v1/{}/pods",
    "PodDisruptionBudget": "/apis/policy/v1/{}/poddisruptionbudgets",
    "ReplicaSet": "/apis/apps/v1/{}/replicasets",
    "Secret": "/api/v1/{}/secrets",
    "Service": "/api/v1/{}/services",
    "ServiceAccount": "/api/v1/{}/serviceaccounts",
    "VoiceDeployment": "/apis/parley.dev/v1alpha1/{}/voicedeployments",
}
CHILDREN = (
    "ConfigMap",
    "ControllerRevision",
    "Deployment",
    "HorizontalPodAutoscaler",
    "Ingress",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "PodDisruptionBudget",
    "Secret",
    "Service",
    "ServiceAccount",
)


class Namespace:
    """One namespace of a real API server, with the rights of its administrator."""

    def __init__(self, client: Client, name: str) -> None:
        self.client, self.name = client, name

    def path(self, kind: str, name: str = "", subresource: str = "") -> str:
        parts = [PLURALS[kind].format(f"namespaces/{self.name}"), name, subresource]
        return "/".join(part for part in parts if part)

    async def get(self, kind: str, name: str) -> Json:
        return await self.client.get(self.path(kind, name))

    async def find(self, kind: str, name: str) -> Json | None:
        try:
            return await self.get(kind, name)
        except NotFoundError:
            return None

    async def find_all(self, kind: str, selector: str = "") -> list[Json]:
        query = {"labelSelector": selector} if selector else {}
        items: list[Json] = (await self.client.list(self.path(kind), query))["items"]
        return items

    async def children(self) -> list[tuple[str, str]]:
        """Kind and name of everything that the operator made here."""
        found = []
        for kind in CHILDREN:
            items = await self.find_all(kind, "app.kubernetes.io/managed-by=parley")
            found += [(kind, item["metadata"]["name"]) for item in items]
        return sorted(found)

    async def create(self, kind: str, body: Json) -> Json:
        return await self.client.create(self.path(kind), {"kind": kind, **body}, field_manager="test")

    async def patch(self, kind: str, name: str, body: Json, subresource: str = "") -> Json:
        return await self.client.merge(self.path(kind, name, subresource), body)

    async def delete(self, kind: str, name: str) -> None:
        found = await self.get(kind, name)
        await self.client.delete(self.path(kind, name), uid=found["metadata"]["uid"])

    async def secret(self, name: str, **values: str) -> Json:
        data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
        return await self.create("Secret", {"apiVersion": "v1", "metadata": {"name": name}, "data": data})

    async def voice(self, name: str, **spec: Any) -> Json:
        """Create a VoiceDeployment; embedded speech unless `pipeline` says otherwise."""
        return await self.create("VoiceDeployment", voice_deployment(name, **spec))

    async def edit(self, name: str, **spec: Any) -> Json:
        return await self.patch("VoiceDeployment", name, {"spec": spec})

    async def until(self, kind: str, name: str, check: Check, *, seconds: float = SECONDS) -> Json | None:
        """Wait until the object is as `check` wants it (None: it does not exist), and return it."""
        last: Json | None = None
        try:
            async with asyncio.timeout(seconds):
                async for last in self._states(kind, name):
                    if check(last):
                        return last
        except TimeoutError:
            seen = last and {key: last.get(key) for key in ("metadata", "spec", "status")}
            raise AssertionError(f"{kind} {name} was not as wanted within {seconds} s, but {seen}") from None
        raise AssertionError("the watch ended")

    async def until_exists(self, kind: str, name: str, *, seconds: float = SECONDS) -> Json:
        found = await self.until(kind, name, lambda body: body is not None, seconds=seconds)
        assert found is not None
        return found

    async def until_gone(self, kind: str, name: str, *, seconds: float = COLLECTED_SECONDS) -> None:
        await self.until(kind, name, lambda body: body is None, seconds=seconds)

    async def until_any(self, kind: str, check: Callable[[Json], bool], *, seconds: float = SECONDS) -> None:
        """Wait until some object of that kind is as wanted."""
        async with asyncio.timeout(seconds):
            async for event in self.events(kind):
                if event["type"] != "DELETED" and check(event["object"]):
                    return

    async def until_condition(
        self, name: str, kind: str, status: str, reason: str | None = None, *, seconds: float = SECONDS
    ) -> Json:
        """Wait until a VoiceDeployment of its current generation has a condition, and return that."""

        def check(body: Json | None) -> bool:
            found = condition(body, kind)
            if body is None or found is None or found["observedGeneration"] != body["metadata"]["generation"]:
                return False
            return found["status"] == status and reason in {None, found["reason"]}

        found = condition(await self.until("VoiceDeployment", name, check, seconds=seconds), kind)
        assert found is not None
        return found

    async def until_ready(self, name: str, *, seconds: float = SECONDS) -> None:
        """Play the kubelet until the resource is Ready, and so are all pods that were asked for: it is before."""
        async with self.kubelet():
            await self.until_condition(name, "Ready", "True", seconds=seconds)
            await self.until("Deployment", name, _is_whole, seconds=seconds)

    @asynccontextmanager
    async def kubelet(self) -> AsyncIterator[None]:
        """Say of every pod that it runs and is ready, as a kubelet would, for as long as this lasts."""
        async with meanwhile(self._play_kubelet()):
            yield

    async def pod_waits(self, name: str, *, reason: str, message: str = "") -> None:
        """Say of a pod what a kubelet says whose container cannot start."""
        pod = await self.get("Pod", name)
        image = pod["spec"]["containers"][0]["image"]
        waiting = {"reason": reason, "message": message}
        container = {
            "name": pod["spec"]["containers"][0]["name"],
            "image": image,
            "imageID": "",
            "ready": False,
            "restartCount": 0,
            "state": {"waiting": waiting},
        }
        await self.patch("Pod", name, {"status": {"containerStatuses": [container]}}, "status")

    async def let_deadline_pass(self, name: str) -> None:
        """Say of a rollout that it began long ago: the Deployment controller finds by itself that it is stuck."""
        async with asyncio.timeout(SECONDS):
            while True:
                body = await self.until("Deployment", name, _is_rolling_out)
                assert body is not None
                conditions = [
                    {**one, "lastUpdateTime": LONG_AGO} if one["type"] == "Progressing" else one
                    for one in body["status"]["conditions"]
                ]
                version = {"resourceVersion": body["metadata"]["resourceVersion"]}
                with contextlib.suppress(ConflictError):
                    status = {"metadata": version, "status": {"conditions": conditions}}
                    await self.patch("Deployment", name, status, "status")
                    return

    async def _play_kubelet(self) -> None:
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
        async for event in self.events("Pod"):
            pod = event["object"]
            conditions = (pod.get("status") or {}).get("conditions") or []
            if event["type"] == "DELETED" or any(
                c["type"] == "Ready" and c["status"] == "True" for c in conditions
            ):
                continue
            with contextlib.suppress(NotFoundError):
                status = {"phase": "Running", "conditions": [ready]}
                await self.patch("Pod", pod["metadata"]["name"], {"status": status}, "status")

    async def _states(self, kind: str, name: str) -> AsyncIterator[Json | None]:
        """What the object is now (None: it does not exist), and whatever becomes of it."""
        path, query = self.path(kind), {"fieldSelector": f"metadata.name={name}"}
        while True:
            listing = await self.client.list(path, query)
            yield next(iter(listing["items"]), None)
            since = {"resourceVersion": listing["metadata"]["resourceVersion"]}
            async for event in self._watched(path, query | since):
                yield None if event["type"] == "DELETED" else event["object"]

    async def events(self, kind: str) -> AsyncIterator[Json]:
        """Everything that is there as ADDED, then what happens; a gap begins again."""
        while True:
            async for event in self._watched(self.path(kind), {}):
                yield event

    async def _watched(self, path: str, query: dict[str, str]) -> AsyncIterator[Json]:
        async with contextlib.aclosing(self.client.watch(path, query)) as events:
            async for event in events:
                if event["type"] != "BOOKMARK":
                    yield event


@asynccontextmanager
async def meanwhile(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do this for as long as the block lasts."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _is_whole(body: Json | None) -> bool:
    return body is not None and body["status"].get("readyReplicas", 0) >= body["spec"]["replicas"]


def _is_rolling_out(body: Json | None) -> bool:
    """Whether the controller has made its new pods beside the old ones, and waits for these alone.

    Before it has counted them there is progress to come, which begins the deadline anew.
    """
    if body is None or body["status"].get("observedGeneration") != body["metadata"]["generation"]:
        return False
    if not 0 < body["status"].get("updatedReplicas", 0) < body["status"].get("replicas", 0):
        return False
    found = condition(body, "Progressing")
    return found is not None and found["reason"] in {"NewReplicaSetCreated", "ReplicaSetUpdated"}


def condition(body: Json | None, kind: str) -> Json | None:
    """One condition of an object, if it has it."""
    found = ((body or {}).get("status") or {}).get("conditions") or []
    return next((entry for entry in found if entry["type"] == kind), None)


def voice_deployment(name: str, **spec: Any) -> Json:
    """A manifest with embedded speech and the given fields of the spec."""
    embedded = {stage: {"provider": "Embedded"} for stage in ("stt", "llm", "tts")}
    return {
        "apiVersion": "parley.dev/v1alpha1",
        "kind": "VoiceDeployment",
        "metadata": {"name": name},
        "spec": {"agent": {"instructions": "Be brief."}, "pipeline": embedded, **spec},
    }


def with_deepgram(secret: str = "keys", key: str = "deepgram") -> Json:
    """A pipeline whose recognition needs a key from a Secret."""
    stt = {"provider": "Deepgram", "apiKeys": [{"secretKeyRef": {"name": secret, "key": key}}]}
    return {"stt": stt, "llm": {"provider": "Embedded"}, "tts": {"provider": "Embedded"}}


@asynccontextmanager
async def open_namespace(kubeconfig: str, name: str) -> AsyncIterator[Namespace]:
    """A namespace, made where there is none."""
    connection = await connect(kubeconfig)
    async with connection.open_session() as session:
        client = Client(session, connection.server)
        with contextlib.suppress(AlreadyExistsError):
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            await client.create("/api/v1/namespaces", body, field_manager="test")
        yield Namespace(client, name)
