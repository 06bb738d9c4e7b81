"""What sessions leave behind, with the real providers' SDKs and sockets: nothing that grows with their number."""

from __future__ import annotations

import asyncio
import gc
import re
from collections import Counter

import pytest

from tests.emulators.cartesia import CartesiaScript
from tests.emulators.elevenlabs import ElevenLabsScript
from tests.emulators.emulators import Emulators
from tests.gateway.calling import raw
from tests.gateway.running import Served, Site, served

SESSIONS = 12
FEW = 4
"""Objects that there may be more of at one moment than at another."""
_OURS = re.compile(r"<class '(parley_|deepgram\.|anthropic\.|openai\.|httpx|httpcore|anyio)")


def kept() -> tuple[int, Counter[str]]:
    """Tasks, and objects of ours and of the SDKs by type."""
    gc.collect()
    ours = Counter(str(kind) for kind in map(type, gc.get_objects()) if _OURS.match(str(kind)))
    return len(asyncio.all_tasks()), ours


async def talk(gateway: Served, *, number: int) -> None:
    """A turn; every third caller leaves in the middle of the answer, without a word."""
    async with raw(gateway, start=True) as client:
        await client.send(bytes(3200), '{"type":"text","text":"Hello?"}')
        await client.until("reply.audio")
        if number % 3 == 0:
            client._websocket.transport.abort()
            return
        await client.send('{"type":"reply.cancel"}' if number % 3 == 1 else '{"type":"input.mute"}')
        await client.until("reply.ended")
        await client.send('{"type":"session.end"}')
        await client.until_closed()


async def sessions(gateway: Served) -> None:
    """Several, some at a time."""
    for first in range(0, SESSIONS, 4):
        await asyncio.gather(*(talk(gateway, number=first + beside) for beside in range(4)))
    await gateway.until_metric("voice_sessions_active", 0)
    await gateway.until_metric("voice_connections_active", 0)


async def left_since(tasks: int, objects: Counter[str]) -> dict[str, int]:
    """What there is more of than there was, after a while in which it may go."""
    for _ in range(50):
        more = kept()
        left = {kind: number for kind, number in (more[1] - objects).items() if number >= FEW}
        left |= {"tasks": more[0] - tasks} if more[0] - tasks >= FEW else {}
        if not left:
            break
        await asyncio.sleep(0.1)
    return left


@pytest.mark.parametrize(
    ("stt", "tts"),
    [
        ("DeepgramFlux", {"provider": "Cartesia", "voice": "v"}),
        ("Deepgram", {"provider": "ElevenLabs", "voice": "v"}),
    ],
    ids=["Flux and Cartesia", "Deepgram and ElevenLabs"],
)
async def test_g05_sessions_leave_nothing_behind(
    site: Site, emulators: Emulators, stt: str, tts: dict[str, str]
) -> None:
    emulators.cartesia.set_script(CartesiaScript(ms_per_character=20))
    emulators.elevenlabs.set_script(ElevenLabsScript(ms_per_character=20))
    pipeline = site.content()["pipeline"]
    keyed = {"api_key_files": [str(site.key)], "base_url": emulators.url}
    site.settings["pipeline"] = {**pipeline, "stt": {"provider": stt, **keyed}, "tts": {**tts, **keyed}}
    async with served(site.config()) as gateway:
        await sessions(gateway)
        before = kept()
        await sessions(gateway)
        assert await left_since(*before) == {}
