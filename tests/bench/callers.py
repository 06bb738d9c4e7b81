"""The load: callers who speak, listen to the answer, and speak again, each in real time."""

from __future__ import annotations

import asyncio
import random
import time
from array import array

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket

from parley_client import Conversation, connect

RATE = 16_000
_FRAME_S = 0.02


def speech(seconds: float, *, seed: int = 1) -> bytes:
    """Noise as loud as speech: emulated recognition goes by energy. s16le mono at `RATE` Hz."""
    generator = random.Random(seed)
    return array("h", (generator.randint(-6000, 6000) for _ in range(int(seconds * RATE)))).tobytes()


async def talk(url: str, *, until: float, delay_s: float) -> list[float]:
    """Hold a conversation until then; seconds from each turn's last sound to its answer's first audio."""
    await asyncio.sleep(delay_s)
    said = speech(1.0)
    felt: list[float] = []
    async with connect(url) as connection, Conversation(connection) as conversation:
        while time.monotonic() < until:
            turn = await conversation.say(said)
            if turn.first_audio_s is not None:
                felt.append(turn.first_audio_s)
    return felt


async def stream(url: str, *, until: float, delay_s: float) -> None:
    """Send audio as a caller does and take what comes, with no conversation in it."""
    await asyncio.sleep(delay_s)
    async with connect_websocket(url, compression=None) as websocket:
        taking = asyncio.create_task(_take(websocket))
        frame = speech(_FRAME_S)
        due = time.monotonic()
        while time.monotonic() < until:
            await websocket.send(frame)
            due += _FRAME_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        taking.cancel()


async def _take(websocket: ClientConnection) -> None:
    async for _ in websocket:
        pass
