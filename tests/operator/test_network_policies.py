"""O2, O8: the NetworkPolicy on a real API server, from where Secrets' URLs lead to its end."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from localcluster import ControlPlane
from parley_operator.reconcile import AT_ONCE
from tests.operator.cluster import Check, Json, Namespace, condition
from tests.operator.conftest import OPERATOR_USER
from tests.operator.life import born, rights_of
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane

SESSIONS = {"redis": {"url": {"secretKeyRef": {"name": "redis", "key": "url"}}}}


def opened_namespaces(policy: dict[str, Any] | None) -> list[str]:
    rules = policy["spec"]["egress"] if policy else []
    peers = [peer for rule in rules for peer in rule.get("to", ())]
    selectors = [peer["namespaceSelector"].get("matchLabels", {}) for peer in peers if "namespaceSelector" in peer]
    return [labels["kubernetes.io/metadata.name"] for labels in selectors if labels]


def opens(*names: str) -> Check:
    """The policy leads to these namespaces, in this order."""
    return lambda policy: opened_namespaces(policy) == list(names)


def with_llm(host: str) -> Json:
    llm = {"provider": "OpenAICompatible", "baseURL": f"http://{host}:8000/v1", "model": "m"}
    return {"stt": {"provider": "Embedded"}, "llm": llm, "tts": {"provider": "Embedded"}}


async def talk(namespace: Namespace) -> str:
    """The one pod has a call that does not end, so that it drains when it has to go; returns its name."""
    [pod] = await namespace.find_all("Pod")
    await namespace.patch("Pod", pod["metadata"]["name"], {"metadata": {"finalizers": ["example.com/call"]}})
    return str(pod["metadata"]["name"])


async def hang_up(namespace: Namespace, pod: str) -> None:
    await namespace.patch("Pod", pod, {"metadata": {"finalizers": None}})
    await namespace.until_gone("Pod", pod)


@pytest.fixture
async def draining(namespace: Namespace, operator: OperatorProcess) -> str:
    """The pod that still talks by the model of before, while the one that was to replace it serves."""
    assert operator.is_running()
    await namespace.voice("receptionist", pipeline=with_llm("litellm.models"))
    await namespace.until_ready("receptionist")
    pod = await talk(namespace)
    await namespace.edit("receptionist", pipeline=with_llm("vllm.inference"))
    async with namespace.kubelet():
        await namespace.until_condition("receptionist", "Progressing", "False", "RolloutComplete")
    assert "deletionTimestamp" in (await namespace.get("Pod", pod))["metadata"]
    return pod


async def test_it_opens_what_a_secrets_url_leads_to_and_follows_it(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    await namespace.secret("redis", url="redis://:hunter2@redis-master.data.svc:6379/0")
    await namespace.voice("receptionist", sessions=SESSIONS)
    await namespace.until("NetworkPolicy", "receptionist", opens("data"))
    moved = base64.b64encode(b"redis://:hunter2@redis-master.elsewhere.svc:6379/0").decode()
    await namespace.patch("Secret", "redis", {"data": {"url": moved}})
    # No pod has begun with the new address yet.
    await namespace.until("NetworkPolicy", "receptionist", opens("elsewhere", "data"))
    async with namespace.kubelet():
        await namespace.until("NetworkPolicy", "receptionist", opens("elsewhere"))
    assert "hunter2" not in operator.raw_log()


async def test_a_url_that_cannot_be_read_is_a_condition(namespace: Namespace, operator: OperatorProcess) -> None:
    assert operator.is_running()
    await namespace.secret("redis", url="hunter2")
    await namespace.voice("receptionist", sessions=SESSIONS)
    found = await namespace.until_condition("receptionist", "SettingsHonoured", "False", "EgressNotKnown")
    assert "spec.sessions.redis.url" in found["message"]
    assert "hunter2" not in found["message"]
    await namespace.edit("receptionist", networkPolicy={"mode": "Disabled"})
    await namespace.until_condition("receptionist", "SettingsHonoured", "True")


async def test_it_is_mended_when_changed_or_deleted_and_goes_when_disabled(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist")
    made = await namespace.until_exists("NetworkPolicy", "receptionist")
    await namespace.patch("NetworkPolicy", "receptionist", {"spec": {"egress": [{}]}})
    await namespace.until("NetworkPolicy", "receptionist", lambda p: p is not None and p["spec"] == made["spec"])
    await namespace.delete("NetworkPolicy", "receptionist")
    await namespace.until(
        "NetworkPolicy",
        "receptionist",
        lambda p: p is not None and p["metadata"]["uid"] != made["metadata"]["uid"],
    )
    await namespace.edit("receptionist", networkPolicy={"mode": "Disabled"})
    await namespace.until_gone("NetworkPolicy", "receptionist")
    body = await namespace.get("VoiceDeployment", "receptionist")
    assert condition(body, "Ready") is not None


async def test_a_pod_that_drains_keeps_its_way_out_until_it_is_gone(namespace: Namespace, draining: str) -> None:
    assert opens("inference", "models")(await namespace.get("NetworkPolicy", "receptionist"))
    await hang_up(namespace, draining)
    await namespace.until("NetworkPolicy", "receptionist", opens("inference"))


async def test_so_does_a_pod_that_no_rollout_has_replaced(namespace: Namespace, operator: OperatorProcess) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist", pipeline=with_llm("litellm.models"))
    await namespace.until_ready("receptionist")
    await namespace.edit("receptionist", pipeline=with_llm("vllm.inference"))
    await namespace.until("NetworkPolicy", "receptionist", opens("inference", "models"))
    await namespace.until_condition("receptionist", "Progressing", "True", "RollingOut")
    await namespace.edit("receptionist", pipeline=with_llm("ollama.lab"))
    await namespace.until("NetworkPolicy", "receptionist", opens("lab", "inference", "models"))
    async with namespace.kubelet():
        await namespace.until("NetworkPolicy", "receptionist", opens("lab"))


async def test_what_is_held_open_outlives_the_operator(
    namespace: Namespace, operator: OperatorProcess, draining: str
) -> None:
    operator.kill()
    operator.start().wait_for_log("synced")
    metrics = {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "metrics"}}}]}
    await namespace.edit("receptionist", networkPolicy={"additionalEgress": [metrics]})
    await namespace.until("NetworkPolicy", "receptionist", opens("inference", "metrics", "models"))
    await hang_up(namespace, draining)
    await namespace.until("NetworkPolicy", "receptionist", opens("inference", "metrics"))


async def test_it_narrows_though_the_pod_went_while_nobody_looked(
    plane: ControlPlane, namespace: Namespace, operator: OperatorProcess, draining: str
) -> None:
    """A new leader finds all as its predecessor left it. Then it looks again, with no news of anything."""
    operator.kill()
    await hang_up(namespace, draining)
    async with rights_of(plane.kubeconfig_for(OPERATOR_USER)) as rights:
        life = await born(namespace, rights)
        assert await life.reconcile("receptionist") == AT_ONCE
        assert life.client.applied == []
        await life.reconcile("receptionist")
        assert len(life.client.applied) == 2  # the policy, and that this is how it was left
        assert opens("inference")(await namespace.get("NetworkPolicy", "receptionist"))
        await life.reconcile("receptionist")
        assert len(life.client.applied) == 2


@pytest.mark.usefixtures("draining")
async def test_what_somebody_opens_by_hand_meanwhile_is_closed_again(namespace: Namespace) -> None:
    await namespace.patch("NetworkPolicy", "receptionist", {"spec": {"egress": [{}]}})
    mended = await namespace.until(
        "NetworkPolicy", "receptionist", lambda p: p is not None and {} not in p["spec"]["egress"]
    )
    assert opens("inference")(mended)
