"""O2: hosts and names that somebody else has."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.operator.cluster import Json, Namespace
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane


def endpoint(*hosts: str) -> dict[str, Any]:
    return {"hosts": list(hosts), "ingress": {"className": "traefik"}}


def hosts_of(ingress: Json) -> set[str]:
    return {rule["host"] for rule in ingress["spec"]["rules"]}


async def test_the_younger_of_two_says_host_conflict_and_gets_no_ingress_for_it(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    await namespace.voice("old", endpoint=endpoint("voice.example.com"))
    await namespace.until_exists("Ingress", "old")
    await asyncio.sleep(1.1)  # creation times have seconds; equal ones are told apart by UID
    await namespace.voice("young", endpoint=endpoint("voice.example.com"))
    found = await namespace.until_condition("young", "EndpointReady", "False", "HostConflict")
    assert "voice.example.com" in found["message"]
    assert f"{namespace.name}/old" in found["message"]
    await namespace.until_condition("young", "Ready", "False", "HostConflict")
    assert await namespace.find("Ingress", "young") is None

    await namespace.delete("VoiceDeployment", "old")
    await namespace.until_exists("Ingress", "young")
    await namespace.until_condition("young", "EndpointReady", "Unknown", "AddressPending")


async def test_a_host_that_the_older_gives_up_goes_to_the_younger(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    await namespace.voice("old", endpoint=endpoint("voice.example.com", "other.example.com"))
    await namespace.until_exists("Ingress", "old")
    await asyncio.sleep(1.1)  # as above
    await namespace.voice("young", endpoint=endpoint("voice.example.com", "mine.example.com"))
    await namespace.until_condition("young", "EndpointReady", "False", "HostConflict")
    assert hosts_of(await namespace.until_exists("Ingress", "young")) == {"mine.example.com"}
    await namespace.edit("old", endpoint=endpoint("other.example.com"))
    both = {"mine.example.com", "voice.example.com"}
    await namespace.until("Ingress", "young", lambda body: body is not None and hosts_of(body) == both)


async def test_an_object_of_our_name_that_is_not_ours_is_left_untouched_until_it_goes(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    ports = [{"port": 80, "name": "web"}]
    theirs = await namespace.create(
        "Service", {"apiVersion": "v1", "metadata": {"name": "receptionist"}, "spec": {"ports": ports}}
    )
    await namespace.voice("receptionist")
    found = await namespace.until_condition("receptionist", "Ready", "False", "NameConflict")
    assert found["message"] == "Service receptionist exists and was not made by Parley; delete or rename it"
    assert await namespace.get("Service", "receptionist") == theirs
    await namespace.delete("Service", "receptionist")
    await namespace.until_exists("Service", "receptionist")
    await namespace.until_condition("receptionist", "Available", "False", "NoPodReady")


async def test_a_missing_ingress_class_is_said_and_found_when_it_comes(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    name = f"class-{namespace.name[-6:]}"
    await namespace.voice("receptionist", endpoint={"hosts": ["c.example.com"], "ingress": {"className": name}})
    found = await namespace.until_condition("receptionist", "EndpointReady", "False", "IngressClassNotFound")
    assert name in found["message"]
    body = {"metadata": {"name": name}, "spec": {"controller": "traefik.io/ingress-controller"}}
    await namespace.client.create("/apis/networking.k8s.io/v1/ingressclasses", body, field_manager="test")
    await namespace.until_condition("receptionist", "EndpointReady", "Unknown", "AddressPending")
