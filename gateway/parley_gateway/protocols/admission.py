"""How a protocol asks whether a client may talk, and gets the session to talk to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from parley_contract.native import CloseCode, ErrorCode
from parley_gateway.ports import ClientLink, SessionInput


class RefusedError(Exception):
    """This client gets no session. The message is shown to it and says what to do."""

    def __init__(self, *, close_code: CloseCode, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.close_code = close_code
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client brings."""

    token: str | None = field(default=None, repr=False)
    origin: str | None = None
    """Of the page that connects (RFC 6454); None for what is no browser."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A session of the client's own."""

    id: str
    session: SessionInput


class Admission(Protocol):
    """The process's door: tokens, caps and draining."""

    def admit(self, link: ClientLink, token: str | None) -> Admitted:
        """A new session over `link`, which says nothing before this returns. Raises RefusedError."""
        ...
