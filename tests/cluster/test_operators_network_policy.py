"""The chart's policy for the operator in force, with real packets (O8, O10): a release of the test's own.

The cluster's other operator serves its namespace as well, so that it is asked itself what it has done.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from prometheus_client.parser import text_string_to_metric_families

from quickstart.images import ROOT
from quickstart.watch import Objects
from tests.cluster.conftest import Cluster
from tests.cluster.containers import restart
from tests.cluster.enforcer.enforcing import enforcing
from tests.cluster.guarded import DNS, GATEWAY, HTTPS, KUBELET, NAME
from tests.cluster.kubernetes import SECONDS, Namespace, is_ready
from tests.cluster.packets import REACHED, REFUSED, Target, metrics, outcomes
from tests.cluster.pods import LISTENING, address_of, pod, started
from tests.cluster.resources import voice_deployment

RELEASE = "guarded"
OPERATORS = f"labelSelector=app.kubernetes.io/instance={RELEASE},app.kubernetes.io/component=operator"
HELM_TEST = {
    "app.kubernetes.io/name": "parley",
    "app.kubernetes.io/instance": RELEASE,
    "app.kubernetes.io/component": "test",
}
"""Labels of the pod by which `helm test` asks the operator."""
RECONCILES, REQUESTS = "parley_operator_reconciles_total", "parley_operator_api_requests_total"


@pytest.mark.takes(seconds=30)
async def test_o08_the_operator_works_is_probed_and_is_scraped(cluster: Cluster, namespace: Namespace) -> None:
    askers = {"prometheus": {"app": "prometheus"}, "tester": HELM_TEST, "stranger": {}}
    for name, labels in askers.items():
        namespace.apply(pod(cluster, name, **labels))
    with released(cluster, namespace):
        namespace.apply(voice_deployment(NAME))
        for name in askers:
            await started(namespace, name)
        [operator] = await namespace.until("Pod", all_ready, query=OPERATORS)
        await namespace.ready(NAME)
        [gateway] = namespace.pods(NAME)
        addresses = cluster.node.target.cluster.layout.addresses
        needed = {
            "the API server": Target(addresses.kubernetes_service, HTTPS),
            "a gateway": Target(address_of(namespace, gateway), GATEWAY),
            "a name": Target(addresses.node, DNS, "dns"),
        }
        never = {
            "another pod": Target(address_of(namespace, "stranger"), LISTENING),
            "the kubelet": Target(addresses.node, KUBELET),
        }
        address = address_of(namespace, operator)
        asked = {"metrics": Target(address, GATEWAY, "http")}

        def met() -> dict[str, dict[str, str]]:
            passed = {name: outcomes(namespace, name, asked) for name in askers}
            return {operator: outcomes(namespace, operator, needed | never), **passed}

        scraped = {name: dict.fromkeys(asked, REACHED) for name in askers}
        assert met() == {operator: dict.fromkeys(needed | never, REACHED), **scraped}
        with enforcing(cluster, namespace.name):
            allowed = {operator: dict.fromkeys(needed, REACHED) | dict.fromkeys(never, REFUSED)}
            assert met() == {**allowed, **scraped, "stranger": dict.fromkeys(asked, REFUSED)}

            # It begins anew with the policy in force: is probed, takes its Lease, lists, watches and reconciles.
            await restart(namespace, operator, by=signal.SIGTERM)
            counts = await until_reconciled(lambda: counted(metrics(namespace, "prometheus", address, GATEWAY)))
            assert counts["unanswered"] == 0


async def until_reconciled(look: Callable[[], dict[str, float]]) -> dict[str, float]:
    """What it counts, once it has reconciled a resource."""
    async with asyncio.timeout(SECONDS):
        while not (counts := look())["reconciled"]:  # noqa: ASYNC110 - nothing tells when it has
            await asyncio.sleep(0.2)
    return counts


def counted(text: str) -> dict[str, float]:
    """What the operator itself counts: reconciliations that succeeded, and requests that nobody answered."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {
        "reconciled": sum(
            one.value for one in samples if one.name == RECONCILES and one.labels["result"] == "success"
        ),
        "unanswered": sum(one.value for one in samples if one.name == REQUESTS and one.labels["code"] == "0"),
    }


def all_ready(pods: Objects) -> bool:
    return bool(pods) and all(map(is_ready, pods.values()))


@contextmanager
def released(cluster: Cluster, namespace: Namespace) -> Iterator[None]:
    """An operator for this namespace alone, with the chart's policy, for as long as the block lasts."""
    repository, chart = cluster.node.repository, str(ROOT / "charts" / "parley")
    values = (
        f"image.repository={repository}/operator",
        f"gateway.image.repository={repository}/gateway",
        f"watchNamespaces={{{namespace.name}}}",
        "crds.install=false",
        "networkPolicy.create=true",
        "networkPolicy.ingressFrom[0].podSelector.matchLabels.app=prometheus",
    )
    where = ("--namespace", namespace.name)
    flags = [flag for value in values for flag in ("--set", value)]
    cluster.commands.read("helm", "install", RELEASE, chart, *where, *flags)
    try:
        yield
    finally:
        cluster.commands.read("helm", "uninstall", RELEASE, *where)
