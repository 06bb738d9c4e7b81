"""What is wrong is said where a person looks: in `kubectl get vd` and its conditions (O1, O2, O5)."""

from __future__ import annotations

import pytest

from quickstart.commands import StepError
from tests.cluster.conftest import Cluster
from tests.cluster.kubernetes import Namespace, pods_of
from tests.cluster.resources import voice_deployment, with_providers


def test_o1_an_unknown_field_is_refused_by_its_name(namespace: Namespace) -> None:
    document = voice_deployment("mistyped")
    document["spec"]["replica"] = 2
    with pytest.raises(StepError) as refused:
        namespace.apply(document)
    assert "replica" in "\n".join(refused.value.lines)


def test_o1_a_provider_without_its_key_is_refused_with_what_to_add(namespace: Namespace) -> None:
    document = voice_deployment("keyless")
    document["spec"]["pipeline"] = {**document["spec"]["pipeline"], "stt": {"provider": "Deepgram"}}
    with pytest.raises(StepError) as refused:
        namespace.apply(document)
    assert "apiKeys is required for this provider" in "\n".join(refused.value.lines)


async def test_o5_a_missing_secret_is_named_until_it_is_there(namespace: Namespace) -> None:
    pipeline = with_providers("http://provider.example.com", secret="voice-keys")
    namespace.apply(voice_deployment("waiting", pipeline=pipeline))
    ready = await namespace.condition("waiting", "SecretNotFound")
    assert "voice-keys" in ready["message"]
    assert namespace.pods("waiting") == {}
    assert "False" in namespace.kubectl("get", "vd", "waiting")

    namespace.make_secret("voice-keys", deepgram="a", anthropic="b")
    missing = await namespace.condition("waiting", "KeyNotFound")
    assert "openai" in missing["message"]

    namespace.make_secret("voice-keys", deepgram="a", anthropic="b", openai="c")
    await namespace.condition("waiting", "CredentialsFound", of="CredentialsReady")
    await namespace.until("Pod", lambda pods: bool(pods), query=pods_of("waiting"))


@pytest.mark.takes(seconds=18)
async def test_o2_an_object_of_someone_else_is_never_taken_over(namespace: Namespace) -> None:
    foreign = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "taken"},
        "spec": {"ports": [{"port": 9999}], "selector": {"app": "mine"}},
    }
    namespace.apply(foreign)
    namespace.apply(voice_deployment("taken"))
    ready = await namespace.condition("taken", "NameConflict")
    assert "Service" in ready["message"]
    assert namespace.get("Service", "taken")["spec"]["selector"] == {"app": "mine"}

    namespace.kubectl("delete", "service", "taken")
    await namespace.ready("taken")
    assert namespace.get("Service", "taken")["spec"]["selector"] != {"app": "mine"}


async def test_o3_a_host_belongs_to_the_oldest(cluster: Cluster, namespace: Namespace) -> None:
    host = "contested.voice.localhost"
    namespace.apply(voice_deployment("older", host=host))
    await namespace.ready("older")
    namespace.apply(voice_deployment("younger", host=host))
    ready = await namespace.condition("younger", "HostConflict")
    assert f"{namespace.name}/older" in ready["message"]
    await namespace.ready("older")

    namespace.kubectl("delete", "vd", "older")
    await namespace.ready("younger")
