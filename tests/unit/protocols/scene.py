"""A client's connection without a network: what it was sent can be read, and what the session heard."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from parley_contract.codes import CloseCode, ErrorCode
from parley_contract.limits import LimitsConfig
from parley_contract.native import SERVER_MESSAGE, AnyServerMessage
from parley_gateway.conversation.events import EndReason
from parley_gateway.ports import ClientEvent, ClientLink
from parley_gateway.protocols.admission import Admission, Admitted, Credentials, RefusedError
from parley_gateway.protocols.entrance import Cancellable, Entrance, Spawn
from parley_gateway.protocols.native import NativeConnection


@dataclass
class Wire:
    """The socket: remembers everything in its order."""

    sent: list[str | bytes] = field(default_factory=list)
    closed: tuple[int, str] | None = None

    def send_text(self, text: str) -> None:
        assert self.closed is None, "nothing follows a close"
        self.sent.append(text)

    def send_bytes(self, data: bytes) -> None:
        assert self.closed is None, "nothing follows a close"
        self.sent.append(data)

    def discard_bytes(self) -> None:
        self.sent = [message for message in self.sent if not isinstance(message, bytes)]

    def close(self, code: int, reason: str) -> None:
        assert self.closed is None, "closed twice"
        assert len(reason.encode()) <= 123
        self.closed = (code, reason)

    @property
    def messages(self) -> list[AnyServerMessage]:
        return [SERVER_MESSAGE.validate_json(text) for text in self.sent if isinstance(text, str)]

    @property
    def audio(self) -> bytes:
        return b"".join(data for data in self.sent if isinstance(data, bytes))

    @property
    def last(self) -> AnyServerMessage:
        return self.messages[-1]


@dataclass
class Heard:
    """A session that only listens."""

    chunks: list[bytes] = field(default_factory=list)
    muted: bool = False
    events: list[ClientEvent] = field(default_factory=list)
    hung_up: list[EndReason] = field(default_factory=list)

    def audio(self, pcm: bytes) -> None:
        assert len(pcm) % 2 == 0, "whole samples only"
        self.chunks.append(pcm)

    @property
    def pcm(self) -> bytes:
        return b"".join(self.chunks)

    def mute(self, muted: bool) -> None:
        self.muted = muted

    def event(self, event: ClientEvent) -> None:
        self.events.append(event)

    def hang_up(self, reason: EndReason) -> None:
        self.hung_up.append(reason)


@dataclass
class Door:
    """Lets in whoever has the token `open sesame`, or everyone."""

    session: Heard
    token: str | None = None
    cost: Decimal | None = None
    asked: list[Credentials] = field(default_factory=list)

    async def admit(self, link: ClientLink, credentials: Credentials) -> Admitted:
        self.asked.append(credentials)
        if self.token is not None and credentials.token != self.token:
            raise RefusedError(
                close_code=CloseCode.UNAUTHENTICATED, code=ErrorCode.UNAUTHENTICATED, message="no such token"
            )
        return Admitted(id="s1", session=self.session, cost=lambda: self.cost)


def at_once(work: Coroutine[Any, Any, None]) -> Cancellable:
    """Does what never waits without an event loop."""
    try:
        work.send(None)
    except StopIteration:
        return _Done()
    raise AssertionError("the door was to answer at once")


class _Done:
    def cancel(self) -> None:
        """It is over."""


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Dropped:
    ms: int = 0

    def input_dropped(self, ms: int) -> None:
        self.ms += ms


class Scene:
    """A `NativeConnection` and everything around it."""

    def __init__(
        self,
        *,
        door: Admission | None = None,
        spawn: Spawn = at_once,
        limits: LimitsConfig | None = None,
        credentials: Credentials | None = None,
    ) -> None:
        self.wire = Wire()
        self.session = Heard()
        self.door = Door(self.session)
        self.clock = Clock()
        self.dropped = Dropped()
        self.connection = NativeConnection(
            self.wire,
            Entrance(door or self.door, spawn=spawn),
            limits=limits or LimitsConfig(),
            clock=self.clock,
            observer=self.dropped,
            credentials=credentials,
        )

    def say(self, type_: str, **fields: Any) -> None:
        self.connection.on_text(orjson.dumps({"type": type_, **fields}).decode())

    @property
    def close_code(self) -> int | None:
        return self.wire.closed[0] if self.wire.closed else None

    def start(self, **fields: Any) -> Scene:
        self.say("session.start", **fields)
        return self
