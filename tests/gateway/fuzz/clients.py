"""Clients of their own mind: each says what is almost right, for as long as it is let, and leaves as it likes."""

from __future__ import annotations

import asyncio
import base64
import random
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from parley_contract.codes import CloseCode
from parley_contract.native import CLIENT_MESSAGE, SERVER_MESSAGE
from parley_gateway.protocols.admission import RefusedError
from parley_gateway.protocols.endpoint import Connection, Endpoint, Handshake
from tests.gateway.fuzz.house import FRAME_BYTES, TOKEN, House
from tests.gateway.fuzz.providers import signed
from tests.gateway.fuzz.spoiling import Message, spoilt
from tests.unit.protocols.scene import Wire

MESSAGES = 60
"""Of a client that is not sent away before."""
_NATIVE_TYPES = sorted(CLIENT_MESSAGE.json_schema()["discriminator"]["mapping"])
_FORMAT = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}


class Dialect(Protocol):
    """A protocol, as a client knows it."""

    def endpoint(self, house: House) -> Endpoint:
        """Where it connects."""
        ...

    def first(self, name: str) -> list[Message]:
        """What opens a session."""
        ...

    def any(self, name: str, generator: random.Random) -> Message | bytes:
        """A message that could be sent at some time, or a binary one."""
        ...

    def check(self, name: str, wire: Wire) -> None:
        """What holds of all that was sent to a client, however it went."""
        ...


class Native:
    """`parley.v1`."""

    def endpoint(self, house: House) -> Endpoint:
        return house.native

    def first(self, name: str) -> list[Message]:
        return [{"type": "session.start", "features": ["playback", "pause"], "audio": {"input_rate": 8000}}]

    def any(self, name: str, generator: random.Random) -> Message | bytes:
        if generator.random() < 0.4:
            return generator.randbytes(generator.choice([0, 1, 2, 320, 321, 1600, FRAME_BYTES, FRAME_BYTES + 1]))
        fields: dict[str, Message] = {
            "session.start": {"token": TOKEN, "audio": {"input_rate": 16000, "output_rate": 8000}},
            "text": {"text": signed(name), "id": "i"},
            "dtmf": {"digit": generator.choice("0123456789*#ABCDxyz")},
            "playback": {
                "reply": generator.randint(1, 6),
                "played_ms": generator.randrange(0, 500),
                "state": generator.choice(["playing", "paused", "finished"]),
            },
            "input.mute": {"muted": generator.random() < 0.3},
            "ping": {"t": generator.random()},
        }
        kind = generator.choices([*_NATIVE_TYPES, "session.resume", "sing"], k=1)[0]
        if kind == "session.end" and generator.random() < 0.8:
            kind = "text"
        return {"type": kind, **fields.get(kind, {})}

    def check(self, name: str, wire: Wire) -> None:
        messages = [SERVER_MESSAGE.validate_json(text) for text in wire.sent if isinstance(text, str)]
        assert [message.seq for message in messages] == list(range(1, len(messages) + 1))
        said = "".join(text for text in wire.sent if isinstance(text, str))
        assert said.count("#client-") == said.count(f"#{name}#"), "words of somebody else"
        assert said.count('"session.started"') <= 1


class Twilio:
    """Media Streams."""

    def endpoint(self, house: House) -> Endpoint:
        return house.twilio

    def first(self, name: str) -> list[Message]:
        start = {
            "streamSid": name,
            "callSid": "CA1",
            "customParameters": {"token": TOKEN},
            "mediaFormat": _FORMAT,
        }
        return [
            {"event": "connected", "protocol": "Call", "version": "1.0.0"},
            {"event": "start", "streamSid": name, "sequenceNumber": "1", "start": start},
        ]

    def any(self, name: str, generator: random.Random) -> Message | bytes:
        if generator.random() < 0.0005:
            return generator.randbytes(4)
        audio = base64.b64encode(generator.randbytes(160)).decode()
        mark = f"{generator.randint(0, 4)}.{generator.randint(0, 3)}.{generator.randrange(0, 800, 100)}"
        others = f"client-{generator.randrange(1000)}"
        kinds: list[Message] = [
            *self.first(name),
            {"event": "media", "media": {"track": "inbound", "payload": audio}},
            {"event": "media", "media": {"track": "inbound", "payload": audio}},
            {"event": "media", "media": {"track": "inbound", "payload": audio}},
            {"event": "dtmf", "dtmf": {"digit": generator.choice("0123456789*#ABCDxyz")}},
            {"event": "mark", "mark": {"name": mark}},
            {"event": "weather", "sunny": True},
        ]
        stream = others if generator.random() < 0.05 else name
        stop = {"event": "stop", "stop": {"callSid": "CA1"}}
        chosen = stop if generator.random() < 0.01 else generator.choice(kinds)
        return {"sequenceNumber": "2", "streamSid": stream, **chosen}

    def check(self, name: str, wire: Wire) -> None:
        messages: list[dict[str, Any]] = [orjson.loads(text) for text in wire.sent]
        assert {message["event"] for message in messages} <= {"media", "mark", "clear"}
        assert len({message["streamSid"] for message in messages}) <= 1, "media of another stream"


@dataclass
class Client:
    """One, from its handshake to its leaving."""

    name: str
    dialect: Dialect
    house: House
    generator: random.Random
    sent: int = 0

    async def run(self) -> None:
        wire = Wire()
        connection = self.dialect.endpoint(self.house).connect(wire, self._handshake())
        await self._open(connection)
        for _ in range(MESSAGES):
            if wire.closed is not None:
                break
            self._say(connection)
            await asyncio.sleep(self.generator.choice([0, 0.02, 0.02, 0.04, 0.2]))
        self._leave(connection)
        await asyncio.sleep(0.1)
        self.dialect.check(self.name, wire)
        assert wire.closed is None or wire.closed[0] in set(CloseCode)

    def _handshake(self) -> Handshake:
        token = self.generator.choices([TOKEN, "wrong", None], weights=[20, 1, 1])[0]
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return Handshake(url="ws://127.0.0.1/v1?token=x", path="/v1", headers=headers)

    async def _open(self, connection: Connection) -> None:
        """Most open a session as they should; some say something else first."""
        if self.generator.random() < 0.95:
            for message in self.dialect.first(self.name):
                self._send(connection, orjson.dumps(message).decode())
        await asyncio.sleep(self.generator.choice([0, 0, 0.05]))

    def _say(self, connection: Connection) -> None:
        message = self.dialect.any(self.name, self.generator)
        self._send(connection, message if isinstance(message, bytes) else spoilt(message, self.generator))

    def _send(self, connection: Connection, message: str | bytes) -> None:
        self.sent += 1
        if isinstance(message, bytes):
            connection.on_bytes(message)
        else:
            connection.on_text(message)

    def _leave(self, connection: Connection) -> None:
        act = self.generator.random()
        if act < 0.05:
            connection.on_slow()
        elif act < 0.1:
            connection.on_start_deadline()
        elif act < 0.12:
            connection.on_mistake()
        elif act < 0.13:
            connection.on_too_big()
        elif act < 0.14:
            connection.refuse(RefusedError(close_code=CloseCode.DRAINING, code="draining", message="go"))  # type: ignore[arg-type]
        connection.on_disconnect()
