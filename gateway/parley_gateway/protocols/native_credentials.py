"""What a client of the native protocol brings in its handshake."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qs, urlsplit

from parley_contract.codes import CloseCode, ErrorCode
from parley_contract.native import TOKEN_SUBPROTOCOL_PREFIX
from parley_gateway.protocols.admission import Credentials, RefusedError
from parley_gateway.protocols.endpoint import Handshake

_MOST_PARAMETERS = 32


def credentials_in(handshake: Handshake) -> Credentials:
    """The first token of header, subprotocol and address. Raises RefusedError for one that cannot be read."""
    origin = handshake.headers.get("origin")
    token = _bearer(handshake.headers.get("authorization", "")) or _among(handshake.subprotocols)
    if token is not None:
        return Credentials(token, origin=origin)
    token = _in_query(urlsplit(handshake.url).query)
    return Credentials(token, in_address=token is not None, origin=origin)


def _bearer(authorization: str) -> str | None:
    scheme, _, token = authorization.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _among(subprotocols: tuple[str, ...]) -> str | None:
    for subprotocol in subprotocols:
        if subprotocol.startswith(TOKEN_SUBPROTOCOL_PREFIX):
            return _decoded(subprotocol.removeprefix(TOKEN_SUBPROTOCOL_PREFIX))
    return None


def _decoded(encoded: str) -> str:
    try:
        padded = encoded + "=" * (-len(encoded) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise RefusedError(
            close_code=CloseCode.UNAUTHENTICATED,
            code=ErrorCode.UNAUTHENTICATED,
            message="parley.token. must be followed by the base64url form of the token",
        ) from None


def _in_query(query: str) -> str | None:
    try:
        tokens = parse_qs(query, max_num_fields=_MOST_PARAMETERS).get("token")
    except ValueError:
        return None
    return tokens[0] if tokens else None
