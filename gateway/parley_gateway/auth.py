"""Who may talk: holders of a static token, or everyone where that is said."""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
from collections.abc import Mapping, Sequence

from parley_contract.access import AuthConfig
from parley_contract.native import TOKEN_SUBPROTOCOL_PREFIX, CloseCode, ErrorCode
from parley_gateway.files import WatchedFile
from parley_gateway.protocols.admission import RefusedError

logger = logging.getLogger(__name__)

ANONYMOUS = "anonymous"
_HOW = "send it as `Authorization: Bearer`, as the subprotocol parley.token.<base64url>, or in session.start"


class Authenticator:
    """Knows the tokens. The files are read again when they change, so that a token can be rotated or revoked."""

    def __init__(self, config: AuthConfig) -> None:
        """Read the tokens for the first time. Raises ValueError or OSError where nobody could ever connect."""
        files = config.tokens.token_files if config.tokens else []
        if not files and not config.anonymous:
            raise ValueError("auth: give token files, or say `anonymous: true`; otherwise nobody can connect")
        self._files = [WatchedFile(path) for path in files]
        self._anonymous = config.anonymous
        for file in self._files:
            file.text()

    def subject(self, token: str | None) -> str:
        """The name under which a client is let in. Raises RefusedError."""
        if token and self._files:
            return self._holder(token)
        if self._anonymous:
            return ANONYMOUS
        raise _refused(f"a token is needed: {_HOW}")

    def _holder(self, token: str) -> str:
        """Every token is compared, each in constant time: how long it takes tells nothing."""
        presented = token.encode(errors="replace")
        found: str | None = None
        for file in self._files:
            known = _content(file)
            if hmac.compare_digest(presented, known.encode()) and known:
                found = file.path.name
        if found is None:
            raise _refused("the token is not one that this server knows")
        return found


def _content(file: WatchedFile) -> str:
    try:
        return file.text().strip()
    except (OSError, ValueError):
        logger.warning("token file cannot be read; its token is not accepted", extra={"file": str(file.path)})
        return ""


def _refused(message: str) -> RefusedError:
    return RefusedError(close_code=CloseCode.UNAUTHENTICATED, code=ErrorCode.UNAUTHENTICATED, message=message)


def presented_token(headers: Mapping[str, str], subprotocols: Sequence[str]) -> str | None:
    """The token in a WebSocket handshake, if there is one. Raises RefusedError for one that cannot be read."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    for subprotocol in subprotocols:
        if subprotocol.startswith(TOKEN_SUBPROTOCOL_PREFIX):
            return _decoded(subprotocol.removeprefix(TOKEN_SUBPROTOCOL_PREFIX))
    return None


def _decoded(encoded: str) -> str:
    try:
        padded = encoded + "=" * (-len(encoded) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise _refused("parley.token. must be followed by the base64url form of the token") from None
