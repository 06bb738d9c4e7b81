"""O10: killed after each write of what a resource has where optional kinds are served, with pools and a canary.

Life after life, each a write longer than the one before: in `test_crashes.py`, of the plain resource, every death
has a namespace of its own. The definitions are those that their projects publish.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from localcluster import ControlPlane
from tests.operator import definitions
from tests.operator.cluster import PLURALS, Json, Namespace, open_namespace, voice_deployment, with_deepgram
from tests.operator.conftest import OPERATOR_USER
from tests.operator.crashing import (
    NAME,
    beside,
    killed_again_and_again,
    made_good,
    respecified,
    told_twice,
    undisturbed_change,
)
from tests.operator.life import Rights, rights_of, settle
from tests.operator.picture import Picture, contents, picture

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]

APIS = frozenset(
    {
        *("Certificate", "HTTPRoute", "IngressRoute", "Middleware", "PodMonitor", "PrometheusRule"),
        *("ScaledObject", "ServiceMonitor"),
    }
)

GATEWAY: Json = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "metadata": {"name": "main"},
    "spec": {
        "gatewayClassName": "any",
        "listeners": [
            {"name": "http", "protocol": "HTTP", "port": 80},
            {
                "name": "https",
                "protocol": "HTTPS",
                "port": 443,
                "tls": {"certificateRefs": [{"name": "certificate"}]},
            },
        ],
    },
}
CLAIM = {"size": "1Gi", "accessModes": ["ReadWriteMany"]}
TTS = {
    "name": "tts",
    "role": "TTS",
    "image": "example.com/worker:1",
    "modelCache": {"type": "PersistentVolumeClaim", "persistentVolumeClaim": CLAIM},
}
STT = {"name": "stt", "role": "STT", "image": "example.com/worker:1", "replicas": 1}
OWN_VOICE = {"provider": "WorkerPool", "workerPool": {"name": "tts"}, "model": "amy", "voice": "amy"}
EVERYTHING: Json = {
    **voice_deployment(NAME)["spec"],
    "pipeline": {
        "stt": {"provider": "WorkerPool", "workerPool": {"name": "stt"}, "model": "small"},
        "llm": {"provider": "Embedded"},
        "tts": OWN_VOICE,
    },
    "endpoint": {
        "hosts": ["voice.example.com"],
        "ingress": {"className": "traefik", "tls": {"certManager": {"issuerRef": {"name": "issuer"}}}},
        "rateLimit": {"perClientIP": {"connectionsPerSecond": 50}},
        "hsts": "Enabled",
    },
    "scaling": {
        "type": "KEDA",
        "minReplicas": 2,
        "maxReplicas": 4,
        "targetSessionsPerPod": 10,
        "prometheus": {"serverAddress": "http://prometheus.monitoring.svc:9090"},
    },
    "networkPolicy": {"mode": "Enabled"},
    "observability": {
        "monitor": {"type": "ServiceMonitor"},
        "alerts": {"mode": "Enabled"},
        "dashboard": {"mode": "Enabled"},
    },
    "workerPools": [{**TTS, "scaling": {"maxReplicas": 3}}, STT],
}
OTHERWISE: Json = {
    **voice_deployment(NAME)["spec"],
    "pipeline": {**with_deepgram(), "tts": OWN_VOICE},
    "endpoint": {"hosts": ["voice.example.com"], "gateway": {"parentRefs": [{"name": "main"}]}, "hsts": "Enabled"},
    "scaling": {"type": "HPA", "minReplicas": 2, "maxReplicas": 4},
    "observability": {"monitor": {"type": "PodMonitor"}, "alerts": {"mode": "Disabled"}},
    "workerPools": [{**TTS, "replicas": 2}],
}
"""The other choice wherever there are two, and less of what may be left out."""
TRIED: Json = {**EVERYTHING, "limits": {"sessionsPerPod": 70}, "rollout": {"canary": {"weightPercent": 10}}}
LIVES = 2
"""One autoscaler waits until the other is gone."""


@pytest.fixture(scope="module")
def plane(changing_plane: ControlPlane) -> ControlPlane:
    asyncio.run(install(str(changing_plane.kubeconfig)))
    return changing_plane


async def install(kubeconfig: str) -> None:
    several = (definitions.gateway_api, definitions.all_of_traefik, definitions.cert_manager, definitions.keda)
    published = [definition for each in (*several, definitions.prometheus_operator) for definition in each()]
    async with open_namespace(kubeconfig, "default") as anywhere:
        await definitions.install(anywhere.client, published)


@pytest.fixture
async def rights(plane: ControlPlane) -> AsyncIterator[Rights]:
    """The operator's."""
    async with rights_of(plane.kubeconfig_for(OPERATOR_USER), apis=APIS) as found:
        yield found


@asynccontextmanager
async def furnished(namespace: Namespace, suffix: str) -> AsyncIterator[Namespace]:
    """A namespace with the resource and what it refers to. Operators of other tests find no resource there."""
    place = await beside(namespace, suffix)
    await place.secret("keys", deepgram="k")
    await place.create("Gateway", GATEWAY)
    await place.voice(NAME, **EVERYTHING)
    try:
        yield place
    finally:
        await place.delete("VoiceDeployment", NAME)


async def test_o10_killed_after_each_write_of_a_creation_of_every_kind(
    namespace: Namespace, rights: Rights
) -> None:
    async with furnished(namespace, "whole") as whole, furnished(namespace, "cut") as cut:
        await settle(whole, rights, NAME)
        as_wanted = await picture(whole, rights.apis)
        before: Picture = {}
        wrong, writes = [], set()
        async for write in killed_again_and_again(cut, rights):
            writes.add(within(cut, write).partition("/")[0])
            kept = await contents(cut)
            wrong += [f"after {write}: {key} was made anew" for key in before if kept[key] != before[key]]
            before = kept
        wrong += await made_good(cut, rights, as_wanted)
        wrong += await told_twice(cut)
    assert not wrong, "\n".join(wrong)
    kinds = {kind for kind, _ in as_wanted}
    assert kinds >= APIS - {"HTTPRoute", "IngressRoute", "PodMonitor"}
    assert writes >= {f"PATCH {PLURALS[kind].rpartition('/')[2]}" for kind in kinds}
    assert {("Deployment", f"{NAME}-pool-{pool}") for pool in ("tts", "stt")} <= as_wanted.keys()


async def test_o10_killed_after_each_write_of_a_change_of_every_kind(namespace: Namespace, rights: Rights) -> None:
    """From Ingress to HTTPRoute, from KEDA to an HPA, from one monitor to the other, from two pools to one."""
    wrong, writes = await changed(namespace, rights, to=OTHERWISE)
    assert not wrong, "\n".join(wrong)
    gone = ("certificates", "ingresses", "middlewares", "prometheusrules", "scaledobjects", "servicemonitors")
    assert {write.partition("/")[0] for write in writes} >= {f"DELETE {plural}" for plural in gone}
    assert {f"DELETE {plural}/{NAME}-pool-stt" for plural in ("deployments", "services")} <= writes
    came = ("httproutes", "podmonitors", "horizontalpodautoscalers")
    assert {f"PATCH {plural}/{NAME}" for plural in came} <= writes


async def test_o10_killed_after_each_write_of_a_canary(namespace: Namespace, rights: Rights) -> None:
    wrong, writes = await changed(namespace, rights, to=TRIED)
    assert not wrong, "\n".join(wrong)
    came = ("deployments", "networkpolicies", "services")
    assert {f"PATCH {plural}/{NAME}-canary" for plural in came} <= writes


async def changed(namespace: Namespace, rights: Rights, *, to: Json) -> tuple[list[str], set[str]]:
    """Bring everything to another spec; what was wrong in the end, and the writes after which a life ended."""
    async with furnished(namespace, "whole") as whole, furnished(namespace, "cut") as cut:
        await serve(whole, rights)
        change = await undisturbed_change(whole, rights, to=to, lives=LIVES)
        await serve(cut, rights)
        await respecified(cut, to)
        writes = {within(cut, write) async for write in killed_again_and_again(cut, rights)}
        wrong = await made_good(cut, rights, change.picture, lives=LIVES)
        return wrong + await told_twice(cut), writes


def within(place: Namespace, request: str) -> str:
    """What is asked, and of which object: PATCH services/receptionist."""
    method, _, path = request.partition(" ")
    return f"{method} {path.partition(f'/{place.name}/')[2]}"


async def serve(place: Namespace, rights: Rights) -> None:
    """Bring everything, and say of its revision what the operator says once all pods are ready: none is here."""
    await settle(place, rights, NAME)
    # Once its ReplicaSet is there, its configuration is kept.
    await place.until("Deployment", NAME, is_seen)
    status: Json = (await place.get("VoiceDeployment", NAME))["status"]
    done = {"status": {"currentRevision": status["updateRevision"]}}
    await place.patch("VoiceDeployment", NAME, done, "status")


def is_seen(body: Json | None) -> bool:
    return body is not None and body["status"].get("observedGeneration") == body["metadata"]["generation"]
