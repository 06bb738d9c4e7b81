"""What can go wrong between a client and a gateway."""

from __future__ import annotations


class ParleyError(Exception):
    """Any of the below."""


class UnreachableError(ParleyError):
    """There was no WebSocket at the URL: name, network, TLS or HTTP went wrong. The message says which."""


class UntrustedError(UnreachableError):
    """The server's certificate comes from an authority that nobody has told us to trust."""


class AbsentError(UnreachableError):
    """What answers at the URL has no gateway behind it, at present or at all."""


class UnresolvedError(UnreachableError):
    """The URL's host has no address."""


class RefusedError(ParleyError):
    """The gateway is there and does not want this client: its token, the caps, or draining."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        """A WebSocket close code of the protocol, or the HTTP status of a refused handshake."""
        self.message = message


class DisconnectedError(ParleyError):
    """The session ended while something was still expected of it."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"the session ended: {reason or 'no reason given'} ({code})")
        self.code = code
        """The WebSocket close code; 1006 where there was none."""
        self.reason = reason


class NoAnswerError(ParleyError):
    """The agent did not finish an answer in time."""
