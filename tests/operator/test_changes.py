"""O5, O6, O7: what a change of the spec or of a credential does, and what it does not."""

from __future__ import annotations

import base64

import pytest

from tests.operator.cluster import Check, Json, Namespace, with_deepgram
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane


async def template(namespace: Namespace) -> Json:
    found: Json = (await namespace.get("Deployment", "receptionist"))["spec"]["template"]
    return found


async def until_template_differs(namespace: Namespace, before: Json) -> None:
    await namespace.until(
        "Deployment", "receptionist", lambda body: body is not None and body["spec"]["template"] != before
    )


async def test_a_rotated_credential_rolls_the_pods(namespace: Namespace, operator: OperatorProcess) -> None:
    assert operator.is_running()
    await namespace.secret("keys", deepgram="old", unrelated="x")
    await namespace.voice("receptionist", pipeline=with_deepgram())
    await namespace.until_exists("Deployment", "receptionist")
    before = await template(namespace)
    await namespace.patch("Secret", "keys", {"data": {"deepgram": base64.b64encode(b"new").decode()}})
    await until_template_differs(namespace, before)


async def test_another_key_of_the_same_secret_rolls_nothing(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    await namespace.secret("keys", deepgram="old", unrelated="x")
    await namespace.voice("receptionist", pipeline=with_deepgram())
    await namespace.until_exists("Deployment", "receptionist")
    before, requests = await template(namespace), operator.metric("parley_operator_api_requests_total", verb="get")
    await namespace.patch("Secret", "keys", {"data": {"unrelated": base64.b64encode(b"y").decode()}})
    # A second resource, woken after the first, tells that the news was taken.
    await namespace.voice("second")
    await namespace.until_exists("Deployment", "second")
    assert operator.metric("parley_operator_api_requests_total", verb="get") > requests
    assert await template(namespace) == before


async def test_a_key_that_the_spec_names_instead_is_looked_for(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    """The Secret is the same, and was read before."""
    assert operator.is_running()
    await namespace.secret("keys", deepgram="old")
    await namespace.voice("receptionist", pipeline=with_deepgram())
    await namespace.until_condition("receptionist", "CredentialsReady", "True")
    await namespace.edit("receptionist", pipeline=with_deepgram(key="missing"))
    await namespace.until_condition("receptionist", "CredentialsReady", "False", "KeyNotFound")


async def test_a_secret_that_disappears_leaves_the_running_pods_alone(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    await namespace.secret("keys", deepgram="old")
    await namespace.voice("receptionist", pipeline=with_deepgram())
    await namespace.until_ready("receptionist")
    before = await namespace.get("Deployment", "receptionist")
    await namespace.delete("Secret", "keys")
    await namespace.until_condition("receptionist", "CredentialsReady", "False", "SecretNotFound")
    after = await namespace.get("Deployment", "receptionist")
    assert (after["metadata"]["uid"], after["spec"]) == (before["metadata"]["uid"], before["spec"])
    await namespace.secret("keys", deepgram="old")
    await namespace.until_condition("receptionist", "Ready", "True")


async def test_a_changed_prompt_restarts_no_pod(namespace: Namespace, operator: OperatorProcess) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist")
    await namespace.until_exists("Deployment", "receptionist")
    before = await template(namespace)
    await namespace.edit("receptionist", agent={"instructions": "Be kind."})
    await namespace.until(
        "VoiceDeployment",
        "receptionist",
        lambda body: body is not None and body.get("status", {}).get("observedGeneration") == 2,
    )
    assert await template(namespace) == before


async def test_g14_the_log_level_is_switched_without_a_rollout(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist", observability={"logLevel": "Info"})
    await namespace.until_exists("Deployment", "receptionist")
    before = await template(namespace)
    for level in ("Debug", "Error"):
        await namespace.edit("receptionist", observability={"logLevel": level})
        await namespace.until("ConfigMap", "receptionist-agent", says(f'"log_level": "{level}"'))
    assert await template(namespace) == before
    assert len(await configurations(namespace)) == 1


def says(text: str) -> Check:
    """Whether the agent's file has this in it."""
    return lambda body: body is not None and text in body["data"]["agent.json"]


async def test_configurations_are_immutable_and_old_ones_stay_as_long_as_a_replica_set_needs_them(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist")
    await namespace.until_ready("receptionist")
    [first] = await configurations(namespace)
    assert first["immutable"] is True
    await namespace.edit("receptionist", limits={"sessionsPerPod": 7})
    await namespace.until(
        "Deployment",
        "receptionist",
        lambda body: body is not None and mounted(body) != first["metadata"]["name"],
    )
    await namespace.until_ready("receptionist")
    assert len(await configurations(namespace)) == 2

    for replica_set in await namespace.find_all("ReplicaSet"):
        if mounted(replica_set) == first["metadata"]["name"]:
            await namespace.delete("ReplicaSet", replica_set["metadata"]["name"])
    # The next look at the resource finds that nothing needs it any more.
    await namespace.edit("receptionist", agent={"instructions": "Be kind."})
    await namespace.until_gone("ConfigMap", first["metadata"]["name"])
    assert len(await configurations(namespace)) == 1


async def configurations(namespace: Namespace) -> list[Json]:
    found = await namespace.find_all("ConfigMap", "parley.dev/name=receptionist")
    return [body for body in found if body["metadata"]["name"].startswith("receptionist-config-")]


def mounted(workload: Json) -> str:
    volumes = workload["spec"]["template"]["spec"]["volumes"]
    return str(next(volume["configMap"]["name"] for volume in volumes if volume["name"] == "config"))


async def test_suspend_scales_to_zero_and_resume_brings_back_what_was(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist", replicas=2)
    await namespace.until_ready("receptionist")
    await namespace.edit("receptionist", suspend=True)
    await namespace.until("Deployment", "receptionist", replicas_are(0))
    for kind in ("Ready", "EndpointReady", "Available", "Progressing"):
        await namespace.until_condition("receptionist", kind, "False", "Suspended")
    await namespace.edit("receptionist", suspend=False)
    await namespace.until("Deployment", "receptionist", replicas_are(2))
    await namespace.until_ready("receptionist")
    await namespace.until_condition("receptionist", "EndpointReady", "True", "ClusterOnly")


async def test_replicas_follow_the_spec_and_an_outside_number_does_not_last(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist", replicas=2)
    await namespace.until("Deployment", "receptionist", replicas_are(2))
    await namespace.edit("receptionist", replicas=3)
    await namespace.until("Deployment", "receptionist", replicas_are(3))
    before = await namespace.get("Deployment", "receptionist")
    await namespace.patch("Deployment", "receptionist", {"spec": {"replicas": 9}}, "scale")
    repaired = before["metadata"]["generation"] + 2
    await namespace.until(
        "Deployment",
        "receptionist",
        lambda body: replicas_are(3)(body) and body is not None and body["metadata"]["generation"] == repaired,
        seconds=5,
    )


def replicas_are(number: int) -> Check:
    return lambda body: body is not None and body["spec"]["replicas"] == number


async def test_a_self_signed_certificate_is_made_and_kept(
    namespace: Namespace, lone_operator: OperatorProcess
) -> None:
    ingress = {"className": "traefik", "tls": {"selfSigned": {}}}
    await namespace.voice("receptionist", endpoint={"hosts": ["voice.example.com"], "ingress": ingress})
    await namespace.until_condition("receptionist", "CertificateReady", "True", "CertificateValid")
    status = (await namespace.get("VoiceDeployment", "receptionist"))["status"]
    assert status["certificate"]["secretName"] == "receptionist-tls"
    assert status["certificate"]["renewAfter"] < status["certificate"]["notAfter"]
    assert status["endpoints"] == [{"protocol": "Native", "url": "wss://voice.example.com/v1/voice"}]
    leaf = (await namespace.get("Secret", "receptionist-tls"))["data"]
    assert set(leaf) == {"tls.crt", "tls.key", "ca.crt"}
    lone_operator.kill()
    lone_operator.start().wait_for_log("synced")
    await namespace.edit("receptionist", replicas=2)
    await namespace.until("Deployment", "receptionist", replicas_are(2))
    assert (await namespace.get("Secret", "receptionist-tls"))["data"] == leaf
