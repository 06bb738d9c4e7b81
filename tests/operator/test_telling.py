"""O10: what the operator tells people and probes."""

from __future__ import annotations

import pytest

from tests.operator.cluster import Namespace, with_deepgram
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane

SECRET_VALUE = "sk-this-must-not-be-seen"


async def one_pod(namespace: Namespace) -> str:
    pods = await namespace.find_all("Pod")
    while not pods:
        await namespace.until_exists("ReplicaSet", (await namespace.find_all("ReplicaSet"))[0]["metadata"]["name"])
        pods = await namespace.find_all("Pod")
    return str(pods[0]["metadata"]["name"])


@pytest.mark.parametrize(
    ("waiting", "reason", "hint"),
    [
        ("ErrImagePull", "ImagePullBackOff", "imagePullSecrets"),
        ("CrashLoopBackOff", "CrashLoopBackOff", "kubectl -n {namespace} logs {pod} "),
        ("CreateContainerConfigError", "CreateContainerConfigError", "cannot start"),
    ],
)
async def test_the_trouble_of_a_pod_is_said_in_words_a_person_can_act_on(
    namespace: Namespace, operator: OperatorProcess, waiting: str, reason: str, hint: str
) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist")
    await namespace.until(
        "Deployment", "receptionist", lambda b: b is not None and b.get("status", {}).get("replicas")
    )
    pod = await one_pod(namespace)
    await namespace.pod_waits(pod, reason=waiting, message="the kubelet's words")
    ready = await namespace.until_condition("receptionist", "Ready", "False", reason)
    assert hint.format(namespace=namespace.name, pod=pod) in ready["message"]


async def test_events_tell_of_transitions_each_once(namespace: Namespace, operator: OperatorProcess) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist", pipeline=with_deepgram())
    await namespace.until_condition("receptionist", "Ready", "False", "SecretNotFound")
    await namespace.secret("keys", deepgram=SECRET_VALUE)
    await namespace.until_ready("receptionist")
    await namespace.edit("receptionist", agent={"instructions": "Be kind."})
    await namespace.until_condition("receptionist", "Ready", "True")
    events = [e for e in await namespace.find_all("Event") if e["regarding"]["kind"] == "VoiceDeployment"]
    told = [(event["type"], event["reason"]) for event in events]
    assert ("Warning", "SecretNotFound") in told
    assert ("Normal", "Serving") in told
    assert len(told) == len(set(told))


async def test_logs_are_json_and_hold_no_secret(namespace: Namespace, operator: OperatorProcess) -> None:
    await namespace.secret("keys", deepgram=SECRET_VALUE)
    await namespace.voice("receptionist", pipeline=with_deepgram())
    await namespace.until_ready("receptionist")
    token = (await namespace.get("Secret", "receptionist-token"))["data"]["token"]
    assert operator.terminate() == 0
    text = operator.raw_log()
    assert len(operator.log()) == len(text.splitlines()) > 0
    assert SECRET_VALUE not in text
    assert token not in text


async def test_a_leader_that_sees_the_cluster_is_live_and_ready(operator: OperatorProcess) -> None:
    live, ready = operator.probe("/healthz"), operator.probe("/readyz")
    assert live[0] == ready[0] == 200
    assert live[1]["dead_watches"] == ready[1]["broken_watches"] == []
    assert ready[1]["leader"] is True
    assert ready[1]["synced"] is True


async def test_metrics_count_what_happens(namespace: Namespace, operator: OperatorProcess) -> None:
    await namespace.voice("receptionist")
    await namespace.until_ready("receptionist")
    assert operator.metric("parley_operator_leader") == 1
    assert operator.metric("parley_operator_reconciles_total", result="success") > 0
    assert operator.metric("parley_operator_applies_total", outcome="created") >= 6
    assert operator.metric("parley_operator_api_requests_total", verb="apply") >= 6
    assert operator.metric("parley_voicedeployments", type="Ready", status="True") == 1
    assert operator.metric("parley_operator_queue_depth") == 0


async def test_sigterm_ends_it_in_order_and_frees_the_lease(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert (await namespace.get("Lease", "parley-operator"))["spec"]["holderIdentity"]
    assert operator.terminate() == 0
    assert (await namespace.get("Lease", "parley-operator"))["spec"].get("holderIdentity", "") == ""
