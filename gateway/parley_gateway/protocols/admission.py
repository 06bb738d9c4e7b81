"""How a protocol asks whether a client may talk, and gets the session to talk to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from parley_contract.codes import CloseCode, ErrorCode
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
    in_address: bool = False
    """Whether the token came in the URL, where others may have seen it: not every kind is taken from there."""
    origin: str | None = None
    """Of the page that connects (RFC 6454); None for what is no browser."""
    vouched: str | None = None
    """A name under which the protocol itself has proved the peer, so that no token is needed; one that is there
    all the same wins."""


def uncounted() -> Decimal | None:
    """The cost of a session whose account nobody keeps."""
    return None


@dataclass(frozen=True, slots=True)
class Admitted:
    """A session of the client's own."""

    id: str
    session: SessionInput
    cost: Callable[[], Decimal | None] = uncounted
    """What it has cost so far, in US dollars; None where that is not counted."""
    recorded: bool = False
    """Whether its audio is kept."""


class Admission(Protocol):
    """The process's door: tokens, caps and draining."""

    async def admit(self, link: ClientLink, credentials: Credentials) -> Admitted:
        """A new session over `link`, which says nothing before this returns.

        Bounded in time. Raises RefusedError. When cancelled, no session and no place in one is left behind.
        """
        ...
