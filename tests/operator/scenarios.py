"""Resources that between them make the operator use every right that it has.

A kind that the operator makes has a scenario here that makes it; `test_rbac.py` names a right that none uses.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from parley_operator.kube.errors import ConflictError
from tests.operator.cluster import Json, Namespace, condition, voice_deployment

NAME = "receptionist"
MANAGED_BY = "app.kubernetes.io/managed-by"
SECONDS = 60.0
"""For what the operator does for several resources at once."""


@dataclass(frozen=True)
class Scenario:
    """One resource: what it makes comes, is repaired, and goes with the parts of the spec that asked for it."""

    name: str
    spec: Json
    makes: frozenset[str]
    """Kinds of children that are pruned when the spec asks for nothing any more."""
    classes: dict[str, str] = field(default_factory=dict)
    """Controllers by the name of the ingress class that is needed."""
    gateway_controller: str = ""
    """Who answers for the route, where there is one."""
    then: Json | None = None
    """A change of the spec once its pods are ready, for what is made of changes alone."""


def _scenario(
    name: str, *makes: str, controller: str = "", answers: str = "", then: Json | None = None, **spec: object
) -> Scenario:
    classes = {name.partition("-")[0]: controller} if controller else {}
    return Scenario(name, dict(spec), frozenset(makes), classes, answers, then)


def _ingress(name: str, **more: object) -> Json:
    tls = {"secretRef": {"name": "certificate"}}
    endpoint = {"hosts": [f"{name}.example.com"], "ingress": {"className": name, "tls": tls}}
    return {**endpoint, "rateLimit": {"perClientIP": {"connectionsPerSecond": 50}}, **more}


SCENARIOS = (
    _scenario(
        "traefik",
        *("Ingress", "Middleware", "HorizontalPodAutoscaler", "NetworkPolicy", "Secret", "ConfigMap"),
        *("PodMonitor", "PrometheusRule", "ControllerRevision"),
        controller="traefik.io/ingress-controller",
        endpoint={
            "hosts": ["traefik.example.com"],
            "ingress": {"className": "traefik", "tls": {"selfSigned": {}}},
        },
        scaling={"type": "HPA", "minReplicas": 1, "maxReplicas": 2},
        networkPolicy={"mode": "Enabled"},
        observability={"monitor": {"type": "PodMonitor"}, "alerts": {"mode": "Enabled"}},
    ),
    _scenario(
        "routes",
        *("HTTPRoute", "BackendTrafficPolicy", "ServiceMonitor"),
        answers="gateway.envoyproxy.io/gatewayclass-controller",
        endpoint={"hosts": ["routes.example.com"], "gateway": {"parentRefs": [{"name": "main"}]}},
        observability={"monitor": {"type": "ServiceMonitor"}},
    ),
    _scenario(
        "gce",
        *("BackendConfig", "FrontendConfig"),
        endpoint=_ingress("gce")
        | {
            "ingress": {
                "annotations": {"kubernetes.io/ingress.class": "gce"},
                "tls": {"secretRef": {"name": "certificate"}},
            }
        },
    ),
    _scenario("istio", "DestinationRule", controller="istio.io/ingress-controller", endpoint=_ingress("istio")),
    _scenario(
        "kong",
        *("KongPlugin", "KongUpstreamPolicy"),
        controller="ingress-controllers.konghq.com/kong",
        endpoint=_ingress("kong"),
    ),
    _scenario(
        "traefik-canary",
        "IngressRoute",
        controller="traefik.io/ingress-controller",
        endpoint={"hosts": ["canary.example.com"], "ingress": {"className": "traefik"}},
        rollout={"canary": {"weightPercent": 10}},
        then={"limits": {"sessionsPerPod": 8}},
    ),
    _scenario(
        "certified",
        "Certificate",
        controller="traefik.io/ingress-controller",
        endpoint={
            "hosts": ["certified.example.com"],
            "ingress": {"className": "certified", "tls": {"certManager": {"issuerRef": {"name": "issuer"}}}},
        },
    ),
    _scenario(
        "keda",
        "ScaledObject",
        scaling={
            "type": "KEDA",
            "minReplicas": 1,
            "maxReplicas": 3,
            "targetSessionsPerPod": 10,
            "prometheus": {"serverAddress": "http://prometheus.monitoring.svc:9090"},
        },
    ),
    _scenario(
        "workers",
        *("Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget"),
        pipeline={
            **voice_deployment(NAME)["spec"]["pipeline"],
            "tts": {"provider": "WorkerPool", "workerPool": {"name": "tts"}, "model": "amy", "voice": "amy"},
        },
        workerPools=[
            {
                "name": "tts",
                "role": "TTS",
                "image": "example.com/worker:1",
                "scaling": {"maxReplicas": 3},
                "modelCache": {
                    "type": "PersistentVolumeClaim",
                    "persistentVolumeClaim": {"size": "1Gi", "accessModes": ["ReadWriteMany"]},
                },
            }
        ],
    ),
)

BARE: Json = {
    **voice_deployment(NAME)["spec"],
    "networkPolicy": {"mode": "Disabled"},
    "rollout": {"revisionHistoryLimit": 1},
    "observability": {
        "monitor": {"type": "None"},
        "alerts": {"mode": "Disabled"},
        "dashboard": {"mode": "Disabled"},
    },
}
"""A spec that asks for nothing that can be left out."""


async def play(place: Namespace, scenario: Scenario) -> None:
    """Make it, hide and rob what it has, and let it ask for less, while its pods get ready."""
    async with place.kubelet():
        await place.create("VoiceDeployment", {**voice_deployment(NAME), "spec": {**BARE, **scenario.spec}})
        if scenario.gateway_controller:
            await _open_gateway(place)
            await _answer(place, scenario.gateway_controller)
        if scenario.then:
            await place.until_condition(NAME, "Ready", "True", seconds=SECONDS)
            await place.edit(NAME, **scenario.then)
        await _hide(place, scenario)
        await _rob(place, scenario)
        if scenario.gateway_controller:
            await _answer(place, scenario.gateway_controller)
        before = {kind: await made(place, kind) for kind in scenario.makes}
        await _ask_for_less(place)
        revisions = before.pop("ControllerRevision", [])
        for kind, names in before.items():
            await _until_fewer(place, kind, names)
        await _stand_still_twice(place)
        if revisions:
            # The old one goes when the resource is looked at after its pods were replaced: an edit makes it look.
            await place.edit(NAME, suspend=False)
            await place.until("VoiceDeployment", NAME, _is_replaced)
            await place.edit(NAME, suspend=True)
            await _until_fewer(place, "ControllerRevision", revisions)
    await place.delete("VoiceDeployment", NAME)
    await place.until_gone("VoiceDeployment", NAME)


async def _ask_for_less(place: Namespace) -> None:
    """Replace the spec; the operator may write the status in between."""
    async with asyncio.timeout(SECONDS):
        while True:
            body = await place.get("VoiceDeployment", NAME)
            with contextlib.suppress(ConflictError):
                await place.client.replace(place.path("VoiceDeployment", NAME), {**body, "spec": BARE})
                return


async def _hide(place: Namespace, scenario: Scenario) -> None:
    """Take our label off one object of each kind, so that no watch tells of it, and wait until it is back.

    Not off a revision: only the latest is made again.
    """
    unlabelled = {"metadata": {"labels": {MANAGED_BY: None}}}
    for kind in scenario.makes:
        await made(place, kind)
    kinds = scenario.makes | {kind for kind, _ in await place.children()}
    for kind in sorted(kinds - {"ControllerRevision"}):
        [*_, name] = await made(place, kind)
        await place.patch(kind, name, unlabelled)
        await place.until(kind, name, _is_labelled)


async def _rob(place: Namespace, scenario: Scenario) -> None:
    """Take one object of each kind away, and wait until it is there again."""
    for kind in sorted(scenario.makes):
        [*_, name] = await made(place, kind)
        uid = (await place.get(kind, name))["metadata"]["uid"]
        await place.delete(kind, name)
        await place.until(kind, name, partial(_is_another, uid))


async def made(place: Namespace, kind: str) -> list[str]:
    """The names of the children of a kind, once there are any."""
    return await _until(place, kind, lambda names: bool(names))


async def _until_fewer(place: Namespace, kind: str, before: list[str]) -> None:
    await _until(place, kind, lambda names: not set(before) <= set(names))


async def _until(place: Namespace, kind: str, check: Callable[[list[str]], bool]) -> list[str]:
    names: list[str] = []
    try:
        async with asyncio.timeout(SECONDS):
            while not check(names := await _names(place, kind)):  # noqa: ASYNC110 - nothing tells of all names
                await asyncio.sleep(0.1)
    except TimeoutError:
        said = (await place.get("VoiceDeployment", NAME)).get("status", {}).get("conditions")
        raise AssertionError(f"{place.name}: {kind} are {names}, and the resource says {said}") from None
    return names


async def _names(place: Namespace, kind: str) -> list[str]:
    found = await place.find_all(kind, f"{MANAGED_BY}=parley")
    return [body["metadata"]["name"] for body in found]


async def _open_gateway(place: Namespace) -> None:
    listener = {"name": "https", "protocol": "HTTPS", "port": 443, "tls": {"certificateRefs": [{"name": "c"}]}}
    spec = {"gatewayClassName": "any", "listeners": [listener]}
    await place.create(
        "Gateway", {"apiVersion": "gateway.networking.k8s.io/v1", "metadata": {"name": "main"}, "spec": spec}
    )


async def _answer(place: Namespace, controller: str) -> None:
    """Say of the route what its controller says, so that what only that controller knows is made."""
    route = await place.until_exists("HTTPRoute", NAME)
    shared = {"observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z", "message": ""}
    accepted = {"type": "Accepted", "status": "True", "reason": "Accepted", **shared}
    [parent] = route["spec"]["parentRefs"]
    status = {"parents": [{"parentRef": parent, "controllerName": controller, "conditions": [accepted]}]}
    await place.patch("HTTPRoute", NAME, {"status": status}, "status")


async def _stand_still_twice(place: Namespace) -> None:
    """The second time the same is told within minutes, it is counted on the first event."""
    for suspend in (True, False, True):
        await place.edit(NAME, suspend=suspend)
        await place.until("VoiceDeployment", NAME, partial(_is_suspended, suspend))


def _is_replaced(body: Json | None) -> bool:
    return body is not None and body["status"].get("currentRevision") == body["status"]["updateRevision"]


def _is_another(uid: str, body: Json | None) -> bool:
    return body is not None and body["metadata"]["uid"] != uid


def _is_labelled(body: Json | None) -> bool:
    return body is not None and MANAGED_BY in body["metadata"]["labels"]


def _is_suspended(wanted: bool, body: Json | None) -> bool:
    ready = condition(body, "Ready")
    return ready is not None and (ready["reason"] == "Suspended") == wanted
