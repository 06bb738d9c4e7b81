"""What `helm test` makes, and in which order (O11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.chart.manifests import Manifests, is_test, of_kind, the

pytestmark = pytest.mark.timeout(900)

Render = Callable[..., Manifests]


def conversation(manifests: Manifests) -> Manifests:
    """The objects of the conversation, as Helm creates them: by weight."""
    named = [m for m in manifests if is_test(m) and m["metadata"]["name"].endswith("-conversation")]
    return sorted(named, key=lambda manifest: int(manifest["metadata"]["annotations"]["helm.sh/hook-weight"]))


def caller(manifests: Manifests) -> dict[str, Any]:
    found: dict[str, Any] = the(conversation(manifests), "Pod")["spec"]
    return found


def test_o11_the_agent_is_made_with_its_token_and_then_called_at_its_service(render: Render) -> None:
    secret, agent, pod = conversation(render())
    assert [one["kind"] for one in (secret, agent, pod)] == ["Secret", "VoiceDeployment", "Pod"]
    [token] = agent["spec"]["auth"]["tokens"]
    assert token["secretKeyRef"] == {"name": secret["metadata"]["name"], "key": "token"}
    [container] = pod["spec"]["containers"]
    assert container["args"][0] == f"ws://{agent['metadata']['name']}.parley-system/v1/voice"
    assert "--understood" in container["args"]
    [variable] = container["env"]
    assert variable["valueFrom"]["secretKeyRef"] == token["secretKeyRef"]
    assert set(agent["spec"]["pipeline"]) == {"stt", "llm", "tts"}
    assert {stage["provider"] for stage in agent["spec"]["pipeline"].values()} == {"Embedded"}


def test_o11_all_of_it_is_gone_after_it_succeeded_and_before_it_runs_again(render: Render) -> None:
    for manifest in filter(is_test, render()):
        policy = manifest["metadata"]["annotations"]["helm.sh/hook-delete-policy"]
        assert policy.split(",") == ["before-hook-creation", "hook-succeeded"]


def test_o11_an_agent_that_is_there_can_be_called_instead(render: Render) -> None:
    at = "tests.conversation."
    manifests = render(
        f"{at}url=wss://voice.example.com/v1/voice",
        f"{at}tokenSecret.name=receptionist-token",
        f"{at}caSecret.name=receptionist-tls",
        f"{at}namespace=voice",
    )
    [pod] = conversation(manifests)
    assert pod["metadata"]["namespace"] == "voice"
    [container] = pod["spec"]["containers"]
    assert container["args"] == [
        "wss://voice.example.com/v1/voice",
        "--within=180",
        "--ca-file=/etc/parley/ca/ca.crt",
    ]
    [variable] = container["env"]
    assert variable["valueFrom"]["secretKeyRef"] == {"name": "receptionist-token", "key": "token"}
    [mount] = [mount for mount in container["volumeMounts"] if mount["name"] == "ca"]
    assert mount["readOnly"]
    assert {"name": "ca", "secret": {"secretName": "receptionist-tls"}} in pod["spec"]["volumes"]


@pytest.mark.parametrize(
    ("values", "namespace"),
    [
        ((), "parley-system"),
        (("watchNamespaces={staging,production}",), "staging"),
        (("watchNamespaces={staging,parley-system}",), "parley-system"),
    ],
)
def test_o11_it_runs_where_the_operator_works(values: tuple[str, ...], namespace: str, render: Render) -> None:
    assert {one["metadata"]["namespace"] for one in conversation(render(*values))} == {namespace}


def test_o11_it_can_be_left_out(render: Render) -> None:
    manifests = render("tests.conversation.enabled=false", "metrics.service.create=false")
    assert [manifest for manifest in manifests if is_test(manifest)] == []
    assert of_kind(manifests, "Pod") == []
