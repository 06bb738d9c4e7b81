"""O1, O2, O5: a VoiceDeployment becomes everything that it needs."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import pytest

from localcluster import ControlPlane
from tests.operator.cluster import Namespace, condition, with_deepgram
from tests.operator.conftest import OPERATOR_USER
from tests.operator.life import Rights, born, rights_of, settle
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane


@pytest.fixture
async def rights(plane: ControlPlane) -> AsyncIterator[Rights]:
    """The operator's."""
    async with rights_of(plane.kubeconfig_for(OPERATOR_USER)) as found:
        yield found


async def test_o10_what_is_new_is_made_without_a_look_at_what_is_there(
    namespace: Namespace, rights: Rights
) -> None:
    await namespace.secret("keys", deepgram="k")
    await namespace.voice("receptionist", pipeline=with_deepgram())
    life = await born(namespace, rights)
    await life.reconcile("receptionist")
    asked = [request for request in life.client.requests if "/namespaces/" in request]
    assert [one for one in asked if one.startswith("GET")] == [f"GET {namespace.path('Secret', 'keys')}"]
    applied = sorted(one for one in asked if one.startswith("PATCH") and not one.endswith("/status"))
    assert applied == sorted(f"PATCH {namespace.path(kind, name)}" for kind, name in await namespace.children())


@pytest.mark.parametrize("replicas", [1, 2])
async def test_o06_a_fixed_number_of_replicas_is_kept_whether_it_had_to_be_said_or_not(
    namespace: Namespace, rights: Rights, replicas: int
) -> None:
    """One is the server's default."""
    await namespace.voice("receptionist", replicas=replicas)
    await settle(namespace, rights, "receptionist")
    for others in (5, 0):
        await namespace.patch("Deployment", "receptionist", {"spec": {"replicas": others}}, "scale")
        await settle(namespace, rights, "receptionist")
        assert (await namespace.get("Deployment", "receptionist"))["spec"]["replicas"] == replicas


async def test_o06_one_replica_is_raised_even_while_a_credential_is_missing(
    namespace: Namespace, rights: Rights
) -> None:
    """The Deployment is left as it is then, but for its replicas, which nobody has said before."""
    await namespace.secret("keys", deepgram="k")
    await namespace.voice("receptionist", pipeline=with_deepgram())
    await settle(namespace, rights, "receptionist")
    await namespace.delete("Secret", "keys")
    await namespace.edit("receptionist", replicas=3)
    await settle(namespace, rights, "receptionist")
    assert (await namespace.get("Deployment", "receptionist"))["spec"]["replicas"] == 3


async def test_a_minimal_resource_becomes_its_children(namespace: Namespace, operator: OperatorProcess) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist")
    await namespace.until_condition("receptionist", "Available", "False", "NoPodReady")
    kinds = [kind for kind, _ in await namespace.children()]
    assert {"ConfigMap", "Deployment", "Secret", "Service", "ServiceAccount"} <= set(kinds)


async def test_it_is_ready_when_its_pods_are(namespace: Namespace, operator: OperatorProcess) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist", replicas=2)
    await namespace.until_ready("receptionist")
    body = await namespace.until(
        "VoiceDeployment", "receptionist", lambda b: b is not None and b["status"].get("readyReplicas") == 2
    )
    assert body is not None
    status = body["status"]
    assert (status["replicas"], status["updatedReplicas"], status["version"]) == (2, 2, "0.1")
    assert status["observedGeneration"] == body["metadata"]["generation"]
    pods = await namespace.find_all("Pod", status["selector"])
    assert len(pods) == 2
    ready = condition(body, "Ready")
    assert ready is not None
    assert (ready["reason"], ready["message"]) == ("Serving", "2/2 pods ready")


async def test_every_child_is_owned_and_labelled(namespace: Namespace, operator: OperatorProcess) -> None:
    assert operator.is_running()
    made = await namespace.voice("receptionist")
    await namespace.until_condition("receptionist", "Available", "False")
    for kind, name in await namespace.children():
        metadata = (await namespace.get(kind, name))["metadata"]
        [owner] = metadata["ownerReferences"]
        assert (owner["uid"], owner["controller"]) == (made["metadata"]["uid"], True)
        assert metadata["labels"]["parley.dev/name"] == "receptionist"


async def test_a_token_is_generated_once_and_kept(namespace: Namespace, lone_operator: OperatorProcess) -> None:
    await namespace.voice("receptionist")
    await namespace.until_condition("receptionist", "Available", "False")
    before = (await namespace.get("Secret", "receptionist-token"))["data"]
    assert len(base64.b64decode(before["token"])) >= 32
    await namespace.edit("receptionist", replicas=3)
    await namespace.until_condition("receptionist", "Ready", "False")
    lone_operator.kill()
    lone_operator.start().wait_for_log("synced")
    await namespace.edit("receptionist", replicas=2)
    await namespace.until_condition("receptionist", "Ready", "False")
    assert (await namespace.get("Secret", "receptionist-token"))["data"] == before


async def test_the_key_of_client_secrets_is_generated_once_and_kept(
    namespace: Namespace, lone_operator: OperatorProcess
) -> None:
    await namespace.secret("backend", key="an API key for a server")
    keys = [{"name": "backend", "valueFrom": {"secretKeyRef": {"name": "backend", "key": "key"}}}]
    auth = {"apiKeys": keys, "clientSecrets": {}}
    await namespace.voice("receptionist", auth=auth)
    await namespace.until_condition("receptionist", "Available", "False")
    before = (await namespace.get("Secret", "receptionist-signing"))["data"]
    assert len(base64.b64decode(before["key"])) >= 32
    lone_operator.kill()
    lone_operator.start().wait_for_log("synced")
    await namespace.edit("receptionist", replicas=3)
    await namespace.until("Deployment", "receptionist", lambda b: b is not None and b["spec"]["replicas"] == 3)
    assert (await namespace.get("Secret", "receptionist-signing"))["data"] == before
    await namespace.edit("receptionist", auth={"apiKeys": keys, "clientSecrets": None})
    await namespace.until("Secret", "receptionist-signing", lambda b: b is None)


async def test_no_deployment_is_made_before_the_credentials_exist_and_then_by_itself(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist", pipeline=with_deepgram())
    found = await namespace.until_condition("receptionist", "CredentialsReady", "False", "SecretNotFound")
    assert "keys" in found["message"]
    assert "spec.pipeline.stt.apiKeys[0].secretKeyRef" in found["message"]
    ready = await namespace.until_condition("receptionist", "Ready", "False", "SecretNotFound")
    assert ready["message"] == found["message"]
    assert await namespace.find("Deployment", "receptionist") is None

    await namespace.secret("keys", wrong="x")
    found = await namespace.until_condition("receptionist", "CredentialsReady", "False", "KeyNotFound")
    assert "deepgram" in found["message"]
    assert await namespace.find("Deployment", "receptionist") is None

    await namespace.patch("Secret", "keys", {"data": {"deepgram": base64.b64encode(b"k").decode()}})
    await namespace.until_condition("receptionist", "CredentialsReady", "True", "CredentialsFound")
    await namespace.until_exists("Deployment", "receptionist")


async def test_the_release_is_kept_in_status_and_the_spec_is_left_alone(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    """GitOps would fight an operator that writes into a spec."""
    assert operator.is_running()
    await namespace.voice("receptionist")
    await namespace.until_condition("receptionist", "Available", "False")
    body = await namespace.get("VoiceDeployment", "receptionist")
    assert body["status"]["version"] == "0.1"
    assert "version" not in body["spec"]
    assert body["metadata"]["generation"] == 1


async def test_a_resource_has_no_finalizer(namespace: Namespace, operator: OperatorProcess) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist")
    await namespace.until_condition("receptionist", "Available", "False")
    metadata = (await namespace.get("VoiceDeployment", "receptionist"))["metadata"]
    assert "finalizers" not in metadata
    assert "annotations" not in metadata


async def test_deletion_leaves_no_child(namespace: Namespace, operator: OperatorProcess) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist")
    await namespace.until_condition("receptionist", "Available", "False")
    children = await namespace.children()
    assert children
    await namespace.delete("VoiceDeployment", "receptionist")
    for kind, name in children:
        await namespace.until_gone(kind, name)
    assert await namespace.children() == []


async def test_a_resource_made_again_at_once_under_its_old_name_gets_children_of_its_own(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist")
    await namespace.until_ready("receptionist")
    await namespace.delete("VoiceDeployment", "receptionist")
    made = await namespace.voice("receptionist")
    await namespace.until_ready("receptionist")
    for kind, name in await namespace.children():
        [owner] = (await namespace.get(kind, name))["metadata"]["ownerReferences"]
        assert owner["uid"] == made["metadata"]["uid"]
