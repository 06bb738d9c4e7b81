"""A spoken conversation with the sample, from outside the cluster, as a person would have it."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from parley_client.conversation import Conversation, Turn
from parley_client.errors import ParleyError
from parley_client.pcm import read_wav
from quickstart import sample
from quickstart.clusters.base import Entrance
from quickstart.commands import Commands, StepError
from quickstart.line import Line, forwarded, through

GREETING_SECONDS = 10.0
ANSWER_SECONDS = 60.0


@asynccontextmanager
async def line(commands: Commands, entrance: Entrance | None) -> AsyncIterator[Line]:
    """Through the ingress with TLS, or a port-forward where the path brings no ingress controller."""
    token = secret(commands, f"{sample.NAME}-token", "token")
    if entrance is not None:
        authority = secret(commands, f"{sample.NAME}-tls", "ca.crt")
        yield through(entrance, host=sample.host(), token=token, authority=authority)
    else:
        async with forwarded(commands, namespace=sample.NAMESPACE, service=sample.NAME, token=token) as found:
            yield found


async def converse(line: Line, recordings: tuple[Path, ...]) -> list[Turn]:
    """Hear the greeting, then say each recording; every turn with what was understood and answered.

    Raises:
        StepError: when there is no connection or no answer.
    """
    try:
        await line.wait_until_routed()
        async with line.connect() as connection, Conversation(connection) as conversation:
            rate = connection.started.audio.input_rate
            greeting = await conversation.greeting(within_s=GREETING_SECONDS, timeout_s=ANSWER_SECONDS)
            spoken = [
                await conversation.say(read_wav(file, rate=rate), timeout_s=ANSWER_SECONDS) for file in recordings
            ]
            await connection.end()
            return ([greeting] if greeting else []) + spoken
    except ParleyError as error:
        raise StepError(f"the conversation failed: {error}", "see the gateway's log above") from error


def secret(commands: Commands, name: str, key: str) -> str:
    """One value of a Secret of the sample."""
    found = json.loads(commands.read("kubectl", "-n", sample.NAMESPACE, "get", "secret", name, "-o", "json"))
    return base64.b64decode(found["data"][key]).decode()
