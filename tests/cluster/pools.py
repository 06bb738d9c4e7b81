"""Worker pools made of the gateway's own image: servers of its embedded speech, and stages that use them."""

from __future__ import annotations

import array
from pathlib import Path
from typing import Any

from tests.cluster.calls import call
from tests.cluster.conftest import Cluster
from tests.cluster.kubernetes import Namespace
from tests.cluster.pods import gateway_image
from tests.recordings import IN_VOCABULARY, recording

SERVER = (Path(__file__).parent / "speech_worker.py").read_text()
SPOKEN = 200
"""Peak of s16 samples below which nobody would hear anything."""
PIPELINE = {
    "stt": {"provider": "WorkerPool", "workerPool": {"name": "ears"}, "model": "embedded"},
    "llm": {"provider": "Embedded"},
    "tts": {
        "provider": "WorkerPool",
        "workerPool": {"name": "voice"},
        "model": "embedded",
        "voice": "en-us",
        "openAICompatible": {"sampleRate": 22050},
    },
    "deadlines": {stage: {"firstByte": "1m", "betweenBytes": "1m"} for stage in ("stt", "tts")},
}
"""Heard by the pool `ears`, answered by the pool `voice`; not in time, since the machine may be busy otherwise."""


def pool(cluster: Cluster, name: str, role: str, **said: Any) -> dict[str, Any]:
    """One pool of one worker; `said` adds to it."""
    return {
        "name": name,
        "role": role,
        "image": gateway_image(cluster),
        "command": ["/opt/parley/bin/python", "-c", SERVER],
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}},
        "probe": {"path": "/health", "startupTimeout": "3m"},
        **said,
    }


async def converse(cluster: Cluster, namespace: Namespace, name: str, *, host: str) -> None:
    """A caller is understood and answered aloud."""
    async with call(namespace, name, host=host, entrance=cluster.entrance) as made:
        turn = await made.conversation.say(recording("numbers"))
        await made.connection.end()
    assert turn.transcript == IN_VOCABULARY["numbers"]
    assert turn.status == "completed"
    assert turn.answer
    assert max(array.array("h", bytes(turn.pcm))) > SPOKEN
