"""O2, O8: the NetworkPolicy on a real API server, from where Secrets' URLs lead to its end."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.operator.cluster import Namespace, condition
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane

SESSIONS = {"redis": {"url": {"secretKeyRef": {"name": "redis", "key": "url"}}}}


def opened_namespaces(policy: dict[str, Any] | None) -> list[str]:
    rules = policy["spec"]["egress"] if policy else []
    peers = [peer for rule in rules for peer in rule.get("to", ())]
    selectors = [peer["namespaceSelector"].get("matchLabels", {}) for peer in peers if "namespaceSelector" in peer]
    return [labels["kubernetes.io/metadata.name"] for labels in selectors if labels]


async def test_it_opens_what_a_secrets_url_leads_to_and_follows_it(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    await namespace.secret("redis", url="redis://:hunter2@redis-master.data.svc:6379/0")
    await namespace.voice("receptionist", sessions=SESSIONS)
    await namespace.until("NetworkPolicy", "receptionist", lambda p: opened_namespaces(p) == ["data"])
    moved = base64.b64encode(b"redis://:hunter2@redis-master.elsewhere.svc:6379/0").decode()
    await namespace.patch("Secret", "redis", {"data": {"url": moved}})
    await namespace.until("NetworkPolicy", "receptionist", lambda p: opened_namespaces(p) == ["elsewhere"])
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
