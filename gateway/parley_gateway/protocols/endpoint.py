"""Where a protocol meets HTTP: what it makes of a handshake or a webhook, in no web framework's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from parley_gateway.protocols.admission import RefusedError
from parley_gateway.protocols.socket import Handler, Socket


@dataclass(frozen=True, slots=True)
class Handshake:
    """A request as it came, for the upgrade to a WebSocket or of a webhook."""

    url: str = field(repr=False)
    """As this process sees it: behind a proxy, scheme and host may be others than the client's."""
    path: str
    """Without the query, which may hold what nobody may log."""
    headers: Mapping[str, str] = field(repr=False)
    """By lower-case names."""
    subprotocols: tuple[str, ...] = field(default=(), repr=False)
    """Offered for the WebSocket; a token may be among them."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is answered with an HTTP error."""

    reason: str
    """For metrics."""
    status: int
    message: str
    """For the client: says what to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """To a webhook."""

    body: str = field(repr=False)
    media_type: str
    status: int = 200


Webhook = Callable[[Handshake, Mapping[str, list[str]]], Answer | Refusal]
"""Answers a request and the fields of its form."""


class Connection(Handler, Protocol):
    """One client's, from its handshake to its close."""

    def on_start_deadline(self) -> None:
        """The time for the first message is over."""
        ...

    def refuse(self, refused: RefusedError) -> None:
        """Turn away a client whose session has not begun."""
        ...


class Endpoint(Protocol):
    """A protocol on its paths."""

    @property
    def subprotocol(self) -> str | None:
        """Of the WebSocket, agreed upon where the client offers any."""
        ...

    @property
    def webhooks(self) -> Mapping[str, Webhook]:
        """What else is served below each of its paths, by POST of a form: the path's rest, and who answers."""
        ...

    def refusal(self, handshake: Handshake) -> Refusal | None:
        """Why this handshake is not completed, if it is not."""
        ...

    def connect(self, socket: Socket, handshake: Handshake) -> Connection:
        """The protocol's side of a WebSocket that is open now."""
        ...
