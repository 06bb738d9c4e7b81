"""O7: environments are namespaces, under one operator or several: the same resource in each, with its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from localcluster import ControlPlane
from tests.operator.cluster import Namespace, open_namespace
from tests.operator.conftest import OPERATOR_USER, StartOperator
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane


@pytest.fixture
async def production(plane: ControlPlane, namespace_name: str) -> AsyncIterator[Namespace]:
    """Beside `namespace`, which is for staging here."""
    async with open_namespace(str(plane.kubeconfig), f"{namespace_name}-production") as opened:
        yield opened


@pytest.fixture
def start_for(plane: ControlPlane, tmp_path: Path) -> Iterator[StartOperator]:
    """Starts an operator for the given namespaces."""
    started: list[OperatorProcess] = []

    def start(*namespaces: str) -> OperatorProcess:
        scope = [argument for name in namespaces for argument in ("--namespace", name)]
        log = tmp_path / f"operator-{len(started)}.log"
        arguments = (*scope, "--lease-namespace", namespaces[0])
        started.append(OperatorProcess(plane.kubeconfig_for(OPERATOR_USER), log, *arguments).start())
        started[-1].wait_for_log("synced")
        return started[-1]

    yield start
    for operator in started:
        operator.stop()
        print(operator.raw_log())


def endpoint(*hosts: str) -> dict[str, object]:
    return {"hosts": list(hosts), "ingress": {"className": "traefik"}}


def lasting(children: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those that no rollout makes or prunes."""
    return [child for child in children if child[0] in {"Deployment", "Secret", "Service", "ServiceAccount"}]


async def test_o07_the_same_resource_lives_in_two_namespaces_and_the_host_in_one(
    namespace: Namespace, production: Namespace, start_for: StartOperator
) -> None:
    start_for(namespace.name, production.name)
    host, own = f"{namespace.name}.example.com", f"staging.{namespace.name}.example.com"
    await production.voice("receptionist", endpoint=endpoint(host))
    await production.until_ready("receptionist")
    await asyncio.sleep(1.1)  # creation times have seconds; equal ones are told apart by UID
    await namespace.voice("receptionist", endpoint=endpoint(host, own))
    said = await namespace.until_condition("receptionist", "EndpointReady", "False", "HostConflict")
    assert said["message"] == f"{host} belongs to the older VoiceDeployment {production.name}/receptionist"
    # What is not taken is served all the same.
    ingress = await namespace.until_exists("Ingress", "receptionist")
    assert [rule["host"] for rule in ingress["spec"]["rules"]] == [own]
    tokens = [(await each.get("Secret", "receptionist-token"))["data"] for each in (namespace, production)]
    assert tokens[0] != tokens[1]

    await production.edit("receptionist", endpoint=None)
    await namespace.until(
        "Ingress",
        "receptionist",
        lambda body: body is not None and [rule["host"] for rule in body["spec"]["rules"]] == [host, own],
    )

    kept = lasting(await production.children())
    await namespace.delete("VoiceDeployment", "receptionist")
    await namespace.until_gone("Deployment", "receptionist")
    assert lasting(await production.children()) == kept


async def test_o07_an_operator_of_one_environment_leaves_the_other_to_its_own(
    namespace: Namespace, production: Namespace, start_for: StartOperator
) -> None:
    for each in (namespace, production):
        await each.voice("receptionist")
    start_for(namespace.name)
    await namespace.until_ready("receptionist")
    assert await production.children() == []
    start_for(production.name)
    await production.until_ready("receptionist")
