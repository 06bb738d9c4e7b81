"""Policies of gateways and workers in force, with real packets: what is needed passes, nothing else does (O8).

Each packet is sent without the policies first. `enforcer/` enforces them, by the words of the Kubernetes API.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.cluster.calls import call, wait_until_routed
from tests.cluster.conftest import Cluster
from tests.cluster.containers import restart
from tests.cluster.enforcer.enforcing import enforcing
from tests.cluster.guarded import (
    API_SERVER,
    DNS,
    GATEWAY,
    HTTPS,
    KUBELET,
    NAME,
    UNHEARD,
    WORKER,
    another,
    declare,
)
from tests.cluster.hosts import listening, public_address
from tests.cluster.kubernetes import Namespace
from tests.cluster.packets import CLOSED, REACHED, REFUSED, Target, outcomes
from tests.cluster.pods import LISTENING, address_of, pod, started
from tests.cluster.pools import PIPELINE, converse, pool
from tests.cluster.resources import voice_deployment
from tests.recordings import IN_VOCABULARY, recording

OPERATOR = "labelSelector=app.kubernetes.io/component=operator"


@pytest.mark.takes(seconds=60)
async def test_o08_a_gateway_reaches_what_its_spec_names_and_what_is_declared(
    cluster: Cluster, namespace: Namespace
) -> None:
    addresses = cluster.node.target.cluster.layout.addresses
    node, machine = addresses.node, cluster.machine
    async with AsyncExitStack() as stack:
        data = stack.enter_context(another(cluster, f"{namespace.name}-data"))
        public = stack.enter_context(public_address(cluster))
        for address, port in ((public, HTTPS), (public, LISTENING), (machine, HTTPS), (machine, LISTENING)):
            await stack.enter_async_context(listening(address, port))
        data.apply(pod(cluster, "redis", app="redis"))
        data.apply(redis_service())
        namespace.apply(pod(cluster, "bystander"))
        namespace.make_secret("redis", url=f"redis://:secret@redis.{data.name}.svc:6379/0")
        called = {"url": f"http://{machine}:{LISTENING}/", "description": "Books a table."}
        tool = {"name": "book", "type": "HTTP", "http": called}
        namespace.apply(
            voice_deployment(
                NAME,
                agent={"instructions": "Answer in one short sentence.", "tools": [tool]},
                sessions={"redis": {"url": {"secretKeyRef": {"name": "redis", "key": "url"}}}},
            )
        )
        await namespace.ready(NAME)
        await started(namespace, "bystander")
        await started(data, "redis")
        [gateway] = namespace.pods(NAME)
        bystander = address_of(namespace, "bystander")

        needed = {
            "a name": Target(node, DNS, "dns"),
            "a name over TCP": Target(node, DNS),
            "a provider": Target(public, HTTPS),
            "Redis by its Service": Target(data.get("Service", "redis")["spec"]["clusterIP"], 6379),
            "a tool at an address": Target(machine, LISTENING),
        }
        private = {
            "a private address": Target(machine, HTTPS),
            "another pod": Target(bystander, LISTENING),
            "the kubelet": Target(node, KUBELET),
            "the API server": Target(node, API_SERVER),
            "the API server by its Service": Target(addresses.kubernetes_service, HTTPS),
        }
        never = {
            "a public address on another port": Target(public, LISTENING),
            "another port of a pod": Target(bystander, UNHEARD),
        }
        everything = needed | private | never
        unguarded = dict.fromkeys(everything, REACHED) | {"another port of a pod": CLOSED}
        assert outcomes(namespace, gateway, everything) == unguarded

        with enforcing(cluster, namespace.name) as enforcer:
            assert outcomes(namespace, gateway, everything) == (
                dict.fromkeys(needed, REACHED) | dict.fromkeys(private | never, REFUSED)
            )
            declared = [
                {"to": [{"ipBlock": {"cidr": f"{machine}/32"}}], "ports": [{"port": HTTPS}]},
                {"to": [{"ipBlock": {"cidr": f"{node}/32"}}], "ports": [{"port": KUBELET}, {"port": API_SERVER}]},
                {"to": [{"podSelector": {}}], "ports": [{"port": LISTENING - 1, "endPort": LISTENING}]},
            ]
            await declare(namespace, enforcer, additionalEgress=declared)
            assert outcomes(namespace, gateway, everything) == (
                dict.fromkeys(needed | private, REACHED) | dict.fromkeys(never, REFUSED)
            )
        assert outcomes(namespace, gateway, everything) == unguarded
        assert list(namespace.pods(NAME)) == [gateway], "a change of the policy rolls no pod"


def redis_service() -> dict[str, Any]:
    """Its port is not the pod's, which is the one that policies see."""
    ports = [{"port": 6379, "targetPort": LISTENING}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "redis"},
        "spec": {"selector": {"app": "redis"}, "ports": ports},
    }


@pytest.mark.takes(seconds=60)
async def test_o08_a_gateway_is_reached_by_callers_and_by_those_who_are_named(
    cluster: Cluster, namespace: Namespace
) -> None:
    host = "named.voice.localhost"
    scaling = {"type": "HPA", "maxReplicas": 1}
    namespace.apply(voice_deployment(NAME, host=host, scaling=scaling))
    namespace.apply(pod(cluster, "stranger"))
    with another(cluster, f"{namespace.name}-prometheus") as monitoring:
        monitoring.apply(pod(cluster, "prometheus"))
        await namespace.ready(NAME)
        await wait_until_routed(namespace, NAME, host=host, entrance=cluster.entrance)
        await started(namespace, "stranger")
        await started(monitoring, "prometheus")
        [gateway], operator = namespace.pods(NAME), next(iter(cluster.operator.all("Pod", OPERATOR)))
        address = address_of(namespace, gateway)
        targets = {"metrics": Target(address, GATEWAY, "http"), "another port": Target(address, UNHEARD)}
        askers = {"prometheus": monitoring, "stranger": namespace, operator: cluster.operator}

        def met() -> dict[str, dict[str, str]]:
            return {name: outcomes(where, name, targets) for name, where in askers.items()}

        everybody_on_one_port = {name: {"metrics": REACHED, "another port": REFUSED} for name in askers}
        assert met() == {name: {"metrics": REACHED, "another port": CLOSED} for name in askers}
        async with call(namespace, NAME, host=host, entrance=cluster.entrance) as before:
            with enforcing(cluster, namespace.name) as enforcer:
                assert met() == everybody_on_one_port
                controller = {"ipBlock": {"cidr": f"{cluster.machine}/32"}}
                named = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": monitoring.name}}}
                await declare(namespace, enforcer, ingressFrom=[controller, named])
                assert met() == everybody_on_one_port | {"stranger": dict.fromkeys(targets, REFUSED)}

                assert (await before.conversation.type("are you still there")).status == "completed"
                await before.connection.end()
                async with call(namespace, NAME, host=host, entrance=cluster.entrance) as after:
                    turn = await after.conversation.say(recording("go-forward-ten-meters"))
                    await after.connection.end()
                assert turn.transcript == IN_VOCABULARY["go-forward-ten-meters"]
                assert turn.status == "completed"


@pytest.mark.takes(seconds=60)
async def test_o08_workers_are_reached_by_the_gateway_alone(cluster: Cluster, namespace: Namespace) -> None:
    host = "workers.voice.localhost"
    pools = [pool(cluster, "voice", "TTS"), pool(cluster, "ears", "STT")]
    namespace.apply(voice_deployment(NAME, host=host, pipeline=PIPELINE, workerPools=pools))
    namespace.apply(pod(cluster, "stranger"))
    await namespace.ready(NAME)
    await namespace.until(
        "VoiceDeployment", lambda found: found[NAME]["status"]["workers"] == "voice 1/1, ears 1/1"
    )
    await started(namespace, "stranger")
    [gateway], [voice], [ears] = (
        namespace.all("Pod", f"labelSelector={selector}")
        for selector in ("app.kubernetes.io/name=parley-gateway", "parley.dev/pool=voice", "parley.dev/pool=ears")
    )
    workers = {pod: Target(address_of(namespace, pod), WORKER) for pod in (voice, ears)}
    unheard = {"another port": Target(workers[voice].address, UNHEARD)}
    gateways = {gateway: Target(address_of(namespace, gateway), GATEWAY)}
    names = {"a name": Target(cluster.node.target.cluster.layout.addresses.node, DNS, "dns")}
    ways = {
        gateway: workers | unheard | names,
        voice: {ears: workers[ears]} | gateways | names,
        "stranger": workers | unheard | gateways | names,
    }

    def met() -> dict[str, dict[str, str]]:
        return {source: outcomes(namespace, source, targets) for source, targets in ways.items()}

    assert met() == {
        gateway: dict.fromkeys(workers | names, REACHED) | dict.fromkeys(unheard, CLOSED),
        voice: dict.fromkeys([ears, gateway, *names], REACHED),
        "stranger": dict.fromkeys(workers | gateways | names, REACHED) | dict.fromkeys(unheard, CLOSED),
    }
    with enforcing(cluster, namespace.name):
        assert met() == {
            gateway: dict.fromkeys(workers | names, REACHED) | dict.fromkeys(unheard, REFUSED),
            voice: dict.fromkeys(names, REACHED) | dict.fromkeys([ears, gateway], REFUSED),
            "stranger": dict.fromkeys(gateways | names, REACHED) | dict.fromkeys(workers | unheard, REFUSED),
        }
        # What the gateway kept open to them would pass whatever the policies say: it begins anew, and is probed.
        await restart(namespace, gateway)
        await wait_until_routed(namespace, NAME, host=host, entrance=cluster.entrance)
        await converse(cluster, namespace, NAME, host=host)
