"""The chart's own test on a node: it holds a conversation, and notices an agent that cannot (O11)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from quickstart import release
from quickstart.commands import StepError
from tests.cluster.conftest import Cluster, install
from tests.cluster.kubernetes import Namespace, is_ready
from tests.cluster.resources import voice_deployment

CONVERSATION = f"{release.NAME}-conversation"
SECONDS = 300.0


def helm_test(cluster: Cluster, *arguments: str) -> str:
    """`helm test` of the release."""
    command = ("helm", "test", release.NAME, "--namespace", release.NAMESPACE, f"--timeout={SECONDS:.0f}s")
    return cluster.commands.read(*command, *arguments, timeout=SECONDS + 60)


@contextmanager
def calling(cluster: Cluster, namespace: Namespace, *, secret: str) -> Iterator[None]:
    """For as long as the block lasts, the release's test calls the namespace's receptionist with that token."""
    at = "tests.conversation."
    values = (
        f"{at}namespace={namespace.name}",
        f"{at}url=ws://receptionist.{namespace.name}/v1/voice",
        f"{at}tokenSecret.name={secret}",
    )
    install(cluster.node, *values)
    try:
        yield
    finally:
        install(cluster.node)


@pytest.mark.takes(seconds=45)
async def test_o11_helm_test_speaks_to_an_agent_and_leaves_nothing_behind(cluster: Cluster) -> None:
    said = helm_test(cluster, "--logs")
    assert said.count("Succeeded") == 4, "a token, an agent, who calls it, and who asks the operator"
    assert "you:   go forward ten meters" in said
    assert "agent: " in said
    assert CONVERSATION not in {*cluster.operator.all("VoiceDeployment"), *cluster.operator.all("Secret")}
    assert CONVERSATION not in cluster.operator.all("Pod")
    operators = cluster.operator.all("Pod", "labelSelector=app.kubernetes.io/component=operator")
    assert [is_ready(pod) for pod in operators.values()] == [True, True]


@pytest.mark.takes(seconds=45)
async def test_o11_helm_test_of_an_agent_that_is_there_fails_when_it_does_not_let_it_in(
    cluster: Cluster, namespace: Namespace
) -> None:
    namespace.apply(voice_deployment("receptionist"))
    await namespace.ready("receptionist")
    namespace.make_secret("stale", token="of-last-year")
    only = ("--filter", f"name={CONVERSATION}")
    with calling(cluster, namespace, secret="receptionist-token"):
        assert "Succeeded" in helm_test(cluster, *only)
    with calling(cluster, namespace, secret="stale"):
        with pytest.raises(StepError):
            helm_test(cluster, *only)
        assert "4401" in namespace.kubectl("logs", CONVERSATION)
