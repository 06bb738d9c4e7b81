"""A telephone call without a network: what Twilio was sent can be read, and what the session heard."""

from __future__ import annotations

import base64
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import orjson

from parley_contract.codes import CloseCode, ErrorCode
from parley_contract.limits import LimitsConfig
from parley_gateway.audio import mulaw
from parley_gateway.ports import ClientLink
from parley_gateway.protocols.admission import Admitted, Credentials, RefusedError
from parley_gateway.protocols.entrance import Entrance
from parley_gateway.protocols.twilio import TwilioConnection
from tests.unit.protocols.scene import Clock, Dropped, Heard, Wire

STREAM = "MZ18ad3ab5a668481ce02b83e7395059f0"
CALL = "CAc4a4ed5a3ba1af3cf0ee9bfc5aa5d3a8"
FORMAT = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}


@dataclass
class Door:
    """Lets in who was vouched for, and whoever has the token; as slowly as the test wants."""

    session: Heard
    token: str | None = None
    asked: list[Credentials] = field(default_factory=list)
    admitted: bool = False

    async def admit(self, _: ClientLink, credentials: Credentials) -> Admitted:
        self.asked.append(credentials)
        if credentials.vouched is None and credentials.token != self.token:
            raise RefusedError(
                close_code=CloseCode.UNAUTHENTICATED, code=ErrorCode.UNAUTHENTICATED, message="no such token"
            )
        self.admitted = True
        return Admitted(id="s1", session=self.session)


class Asking:
    """The task that asks, run when the test says so."""

    def __init__(self, work: Coroutine[Any, Any, None]) -> None:
        self._work = work
        self.cancelled = False

    def answer(self) -> None:
        """It has nothing to wait for: one step is all."""
        if not self.cancelled:
            try:
                self._work.send(None)
            except StopIteration:
                return
            raise AssertionError("the door is not slow")

    def cancel(self) -> None:
        self.cancelled = True

    def close(self) -> None:
        self._work.close()


class Scene:
    """A `TwilioConnection` and everything around it."""

    def __init__(
        self,
        *,
        token: str | None = None,
        vouched: str | None = None,
        frame_bytes: int = 65_536,
        prompt: bool = True,
    ) -> None:
        """`prompt`: the door answers as soon as it is asked."""
        self.wire = Wire()
        self.session = Heard()
        self.door = Door(self.session, token=token)
        self.clock = Clock()
        self.dropped = Dropped()
        self.asking: Asking | None = None
        self._prompt = prompt
        self.connection = TwilioConnection(
            self.wire,
            Entrance(self.door, spawn=self._spawn),
            limits=LimitsConfig(frame_bytes=frame_bytes),
            clock=self.clock,
            observer=self.dropped,
            credentials=Credentials(vouched=vouched),
        )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> Asking:
        self.asking = Asking(work)
        if self._prompt:
            self.asking.answer()
        return self.asking

    @property
    def admitted(self) -> bool:
        """Whether there is, or was, a session."""
        return self.door.admitted

    # --- what Twilio says ---

    def say(self, event: str, *, stream: str | None = STREAM, **fields: Any) -> None:
        content = {"event": event, "sequenceNumber": "1", **({"streamSid": stream} if stream else {}), **fields}
        self.connection.on_text(orjson.dumps(content).decode())

    def start(self, *, media_format: object = None, **parameters: str) -> Scene:
        self.say("connected", stream=None, protocol="Call", version="1.0.0")
        start = {
            "streamSid": STREAM,
            "accountSid": "AC0",
            "callSid": CALL,
            "tracks": ["inbound"],
            "customParameters": parameters,
            "mediaFormat": media_format or FORMAT,
        }
        self.say("start", start=start)
        return self

    def speak(self, words: bytes, *, stream: str = STREAM, track: str = "inbound") -> None:
        payload = base64.b64encode(words).decode()
        self.say(
            "media", stream=stream, media={"track": track, "chunk": "1", "timestamp": "5", "payload": payload}
        )

    def return_mark(self, name: str) -> None:
        self.say("mark", mark={"name": name})

    # --- what Twilio was told ---

    @property
    def told(self) -> list[dict[str, Any]]:
        return [orjson.loads(message) for message in self.wire.sent]

    @property
    def marks(self) -> list[str]:
        return [message["mark"]["name"] for message in self.told if message["event"] == "mark"]

    @property
    def events(self) -> list[str]:
        return [message["event"] for message in self.told]

    @property
    def played(self) -> bytes:
        """The media, as PCM."""
        payloads = [message["media"]["payload"] for message in self.told if message["event"] == "media"]
        return mulaw.decode(b"".join(map(base64.b64decode, payloads)))

    @property
    def close_code(self) -> int | None:
        return self.wire.closed[0] if self.wire.closed else None
