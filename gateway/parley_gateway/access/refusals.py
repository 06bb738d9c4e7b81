"""How a client is told that it is not let in."""

from __future__ import annotations

from parley_contract.codes import CloseCode, ErrorCode
from parley_gateway.protocols.admission import RefusedError


def unauthenticated(message: str) -> RefusedError:
    """What was brought is not enough. The message says what to do, and nothing of what was brought."""
    return RefusedError(close_code=CloseCode.UNAUTHENTICATED, code=ErrorCode.UNAUTHENTICATED, message=message)
