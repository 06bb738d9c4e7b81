"""WebSocket frames as nobody should send them (RFC 6455, section 5), and some as everybody does."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

from tests.gateway.running import HOST, TOKEN, Served

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
_MASK = bytes.fromhex("37fa213d")
_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
"""Those of the examples in RFC 6455: what is sent is the same each time."""


def frame(
    payload: bytes,
    *,
    opcode: int,
    final: bool = True,
    masked: bool = True,
    reserved: int = 0,
    length: int = -1,
) -> bytes:
    """One frame; `length` is what its header claims, where that is not the truth."""
    claimed = len(payload) if length < 0 else length
    head = bytes([(final << 7) | (reserved << 4) | opcode])
    mask_bit = masked << 7
    if claimed < 126:
        head += bytes([mask_bit | claimed])
    elif claimed < 1 << 16:
        head += bytes([mask_bit | 126]) + claimed.to_bytes(2)
    else:
        head += bytes([mask_bit | 127]) + claimed.to_bytes(8)
    if not masked:
        return head + payload
    return head + _MASK + bytes(byte ^ _MASK[place % 4] for place, byte in enumerate(payload))


def odd_frames(payload: bytes, generator: random.Random) -> bytes:
    """A message in one frame or in several, with one thing wrong or with none."""
    opcode = generator.choice([TEXT, BINARY])
    cut = generator.randrange(len(payload) + 1)
    act = generator.random()
    if act < 0.55:
        return frame(payload, opcode=opcode)
    if act < 0.75:
        between = frame(b"between", opcode=PING) if generator.random() < 0.5 else b""
        return frame(payload[:cut], opcode=opcode, final=False) + between + frame(payload[cut:], opcode=0)
    if act < 0.85:
        return frame(payload[:100], opcode=generator.choice([PING, PONG]))
    wrong = [
        lambda: frame(payload, opcode=opcode, masked=False),
        lambda: frame(payload, opcode=opcode, reserved=generator.randint(1, 7)),
        lambda: frame(payload, opcode=generator.choice([3, 7, 0xB, 0xF])),
        lambda: frame(payload, opcode=0),
        lambda: frame(payload, opcode=opcode, length=generator.choice([0, 65_537, 1 << 31, 1 << 62])),
        lambda: frame(payload[:200], opcode=PING, final=False),
        lambda: frame(payload[: generator.randint(0, 2)], opcode=CLOSE),
        lambda: frame(b"\xff\xfe", opcode=TEXT),
        lambda: generator.randbytes(64),
    ]
    return generator.choice(wrong)()


class RawSocket:
    """A WebSocket without a library; what the server sends is read and thrown away."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._reading = asyncio.create_task(self._read(reader))

    @classmethod
    async def to(cls, gateway: Served, path: str) -> RawSocket:
        """One whose handshake is over."""
        reader, writer = await asyncio.open_connection(HOST, gateway.port)
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {HOST}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {_KEY}",
            f"Authorization: Bearer {TOKEN}",
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in head.partition(b"\r\n")[0], head
        return cls(reader, writer)

    async def send(self, data: bytes, generator: random.Random) -> None:
        """In pieces that end anywhere, as a network cuts them. A server that has hung up is none to send to."""
        with suppress(ConnectionError):
            while data:
                size = generator.choice([1, 7, 100, len(data), len(data)])
                self._writer.write(data[:size])
                await self._writer.drain()
                data = data[size:]

    @property
    def over(self) -> bool:
        """Whether the server has hung up."""
        return self._reading.done()

    async def leave(self) -> None:
        """Without a close frame."""
        self._writer.transport.abort()
        await self._reading

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            while await reader.read(65_536):
                pass
