"""Deepgram, Claude and OpenAI through their unmodified SDKs, in a pod (G2, O5)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.cluster.calls import call, wait_until_routed
from tests.cluster.conftest import Cluster
from tests.cluster.kubernetes import Namespace, is_leaving, pods_of, uids
from tests.cluster.resources import voice_deployment, with_providers
from tests.emulators.emulators import Emulators
from tests.recordings import recording


@pytest.fixture
async def emulators(cluster: Cluster) -> AsyncIterator[Emulators]:
    """The providers, at an address of this machine that pods reach."""
    started = Emulators()
    await started.start(cluster.machine)
    try:
        yield started
    finally:
        await started.stop()


@pytest.mark.takes(seconds=25)
async def test_g2_a_conversation_with_deepgram_claude_and_openai(
    cluster: Cluster, namespace: Namespace, emulators: Emulators
) -> None:
    name, host = "provided", "provided.voice.localhost"
    namespace.make_secret("voice-keys", deepgram="dg-key", anthropic="an-key", openai="oa-key")
    pipeline = with_providers(emulators.url, secret="voice-keys")
    namespace.apply(voice_deployment(name, host=host, pipeline=pipeline))
    await namespace.ready(name)
    await wait_until_routed(namespace, name, host=host, entrance=cluster.entrance)

    async with call(namespace, name, host=host, entrance=cluster.entrance) as made:
        turn = await made.conversation.say(recording("numbers"))
        await made.connection.end()
    assert turn.transcript == emulators.deepgram.script.transcripts[0]
    assert turn.status == "completed"
    assert turn.answer
    assert turn.pcm

    before = namespace.pods(name)
    namespace.make_secret("voice-keys", deepgram="dg-key", anthropic="an-new-key", openai="oa-key")
    await namespace.until(
        "Pod",
        lambda pods: bool(pods) and not uids(pods) & uids(before) and not any(map(is_leaving, pods.values())),
        query=pods_of(name),
        within=180,
    )
    await namespace.ready(name)
    async with call(namespace, name, host=host, entrance=cluster.entrance) as made:
        assert (await made.conversation.type("with the new key")).status == "completed"
        await made.connection.end()
