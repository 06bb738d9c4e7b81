"""The floor: a WebSocket server that only passes audio, with the library that the gateway's sockets stand on.

It takes the caller's audio and sends a paced stream of audio back, with no recogniser, model, voice or turn.
`python -m tests.bench.floor PORT`.
"""

from __future__ import annotations

import asyncio
import sys

from websockets.asyncio.server import ServerConnection, serve

FRAME_S = 0.1
_RATE = 24_000


async def _serve(connection: ServerConnection) -> None:
    speaking = asyncio.create_task(_speak(connection))
    try:
        async for _ in connection:
            pass
    finally:
        speaking.cancel()


async def _speak(connection: ServerConnection) -> None:
    frame = bytes(int(_RATE * FRAME_S) * 2)
    due = asyncio.get_running_loop().time()
    while True:
        await connection.send(frame)
        due += FRAME_S
        await asyncio.sleep(due - asyncio.get_running_loop().time())


async def _main(port: int) -> None:
    async with serve(_serve, "127.0.0.1", port, compression=None):
        print("listening", flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
