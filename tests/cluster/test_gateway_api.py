"""The Gateway API on the node: Traefik's Gateways, in a namespace of whoever runs them (O3, O4, O7)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from localcluster.components.traefik import ADDRESS
from quickstart import release
from quickstart.line import PATH, Line, through
from quickstart.watch import Object, Objects
from tests.cluster.calls import on
from tests.cluster.conftest import Cluster
from tests.cluster.kubernetes import SECONDS, Namespace
from tests.cluster.outside import certify, outside
from tests.cluster.resources import voice_deployment
from tests.recordings import IN_VOCABULARY, recording

API = "gateway.networking.k8s.io/v1"
NAME, HOST, OTHER_HOST = "routed", "routed.voice.localhost", "shared.voice.localhost"
SAID = "go-forward-ten-meters"
SILENCE = 31.0
"""Seconds: half of what many a proxy allows by default, and more than those that were made for requests."""
SHARE = 25
HANDSHAKES = 40
BEGUN_ANEW = 4
"""By so many shares may differ: whenever any test's route changes, Traefik counts anew, old pods first."""
CANARYS_LIMIT = 240


@pytest.fixture
def gateways(cluster: Cluster, namespace: Namespace) -> Iterator[Namespace]:
    """The namespace of whoever runs Gateways, and a class of the same name that Traefik serves."""
    found = Namespace(f"{namespace.name}-gateways", cluster.commands)
    release.make_namespace(cluster.commands, found.name)
    spec = {"controllerName": "traefik.io/gateway-controller"}
    found.apply({"apiVersion": API, "kind": "GatewayClass", "metadata": {"name": found.name}, "spec": spec})
    yield found
    cluster.commands.read("kubectl", "delete", "namespace", found.name, "--wait=false")
    cluster.commands.read("kubectl", "delete", "gatewayclass", found.name)


def gateway(gateways: Namespace, *listeners: Mapping[str, Any]) -> Object:
    spec = {"gatewayClassName": gateways.name, "listeners": list(listeners)}
    return {"apiVersion": API, "kind": "Gateway", "metadata": {"name": "main"}, "spec": spec}


def http(cluster: Cluster, *, of: Namespace) -> dict[str, Any]:
    """A listener without TLS, for routes of one namespace. Its port is that of Traefik's entry point."""
    allowed = {"from": "Selector", "selector": {"matchLabels": {"kubernetes.io/metadata.name": of.name}}}
    port = cluster.entrypoints.web
    return {"name": "http", "protocol": "HTTP", "port": port, "allowedRoutes": {"namespaces": allowed}}


def https(cluster: Cluster, *, of: Namespace) -> dict[str, Any]:
    tls = {"tls": {"certificateRefs": [{"name": "voice"}]}}
    return (
        http(cluster, of=of) | {"name": "https", "protocol": "HTTPS", "port": cluster.entrypoints.websecure} | tls
    )


def routed(gateways: Namespace, host: str, **spec: Any) -> Object:
    parent = {"namespace": gateways.name, "name": "main"}
    return voice_deployment(NAME, endpoint={"hosts": [host], "gateway": {"parentRefs": [parent]}}, **spec)


def url_is(url: str) -> Any:
    """Whether that is where status says that it is reached, and that it is."""

    def holds(found: Objects) -> bool:
        status = found[NAME].get("status", {})
        ready = {one["type"] for one in status.get("conditions", []) if one["status"] == "True"}
        return {"EndpointReady", "Ready"} <= ready and status["endpoints"] == [{"protocol": "Native", "url": url}]

    return holds


def shown(namespace: Namespace) -> str:
    """What `kubectl get vd` says of the address."""
    heading, line = namespace.kubectl("get", "vd", NAME).splitlines()
    return dict(zip(heading.split(), line.split(), strict=True))["URL"]


def token(namespace: Namespace) -> str:
    return namespace.secret(f"{NAME}-token", "token")


async def understood_and_answered(line: Line) -> None:
    """A person's voice is understood, and answered in speech."""
    await line.wait_until_routed()
    async with on(line) as made:
        turn = await made.conversation.say(recording(SAID))
        await made.connection.end()
    assert turn.transcript == IN_VOCABULARY[SAID]
    assert turn.status == "completed"
    assert turn.pcm


@pytest.mark.takes(seconds=15)
async def test_o03_o04_a_conversation_through_a_gateway_of_another_namespace(
    cluster: Cluster, namespace: Namespace, gateways: Namespace
) -> None:
    """First one that takes no route from here, then one without TLS, then one with both."""
    gateways.apply(gateway(gateways, http(cluster, of=gateways)))
    namespace.apply(routed(gateways, HOST))
    refused = await namespace.condition(NAME, "RouteNotAccepted", of="EndpointReady")
    assert "NotAllowedByListeners" in refused["message"]

    gateways.apply(gateway(gateways, http(cluster, of=namespace)))
    plain = f"ws://{HOST}{PATH}"
    await namespace.until("VoiceDeployment", url_is(plain))
    assert shown(namespace) == plain
    assert f"{ADDRESS} True" in " ".join(gateways.kubectl("get", "gateway", "main").split())
    await understood_and_answered(Line(plain, token(namespace), address=(ADDRESS, cluster.entrypoints.web)))

    authority = certify(gateways, "voice", host=HOST)
    gateways.apply(gateway(gateways, http(cluster, of=namespace), https(cluster, of=namespace)))
    secure = f"wss://{HOST}{PATH}"
    await namespace.until("VoiceDeployment", url_is(secure))
    assert shown(namespace) == secure
    line = through(cluster.entrance, host=HOST, token=token(namespace), authority=authority)
    await understood_and_answered(line)
    async with outside(cluster, host=HOST, authority=authority) as client:
        moved = await client.until(PATH, 301, plain=True)
    assert moved.headers["Location"] == f"https://{HOST}{PATH}"


@pytest.mark.takes(seconds=45)
async def test_o03_o07_a_silent_call_stays_while_a_canary_gets_its_share(
    cluster: Cluster, namespace: Namespace, gateways: Namespace
) -> None:
    """Of a call nothing is heard for half a minute but the gateway's pings."""
    authority = certify(gateways, "voice", host=OTHER_HOST)
    gateways.apply(gateway(gateways, https(cluster, of=namespace)))
    rollout = {"drainTimeout": "5m", "canary": {"weightPercent": SHARE}}
    namespace.apply(routed(gateways, OTHER_HOST, rollout=rollout))
    await namespace.ready(NAME)
    line = through(cluster.entrance, host=OTHER_HOST, token=token(namespace), authority=authority)
    await line.wait_until_routed()

    async with on(line) as made:
        assert (await made.conversation.type("are you there")).status == "completed"
        loop = asyncio.get_running_loop()
        until = loop.time() + SILENCE
        namespace.apply(
            routed(gateways, OTHER_HOST, rollout=rollout, limits={"sessionDuration": f"{CANARYS_LIMIT}s"})
        )
        await namespace.until("VoiceDeployment", gives_the_canary(SHARE))
        await until_answered_by_the_canary(line)
        answers = Counter([await limit(line) for _ in range(HANDSHAKES)])
        assert abs(answers[CANARYS_LIMIT] - HANDSHAKES * SHARE / 100) <= BEGUN_ANEW
        await asyncio.sleep(until - loop.time())
        assert (await made.conversation.type("and still there")).status == "completed"
        assert made.of_type("session.draining") == []
        await made.connection.end()


def gives_the_canary(percent: int) -> Any:
    return lambda found: found[NAME]["status"].get("canary", {}).get("weightPercent") == percent


async def limit(line: Line) -> float:
    """How many seconds whoever answers allows a session: by that canaries are known here."""
    async with line.connect() as connection:
        await connection.end()
    return connection.started.limits.duration


async def until_answered_by_the_canary(line: Line) -> None:
    """Nothing tells when Traefik has taken what is new."""
    async with asyncio.timeout(SECONDS):
        while await limit(line) != CANARYS_LIMIT:
            pass
