"""Origins whose pages may connect (RFC 6454): what keeps another site's page from using a visitor's browser."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from parley_contract.codes import CloseCode, ErrorCode
from parley_gateway.protocols.admission import RefusedError

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LABEL = r"[a-z0-9-]+"


class AllowedOrigins:
    """Exact origins, and patterns with `*` within a host's first label."""

    def __init__(self, origins: Sequence[str]) -> None:
        """Raises ValueError for what is no origin."""
        self._patterns = [_pattern(origin) for origin in origins]

    def check(self, origin: str | None) -> None:
        """Raises RefusedError for a page of another origin. What sends no origin is no browser, and may pass."""
        if origin is None or not self._patterns:
            return
        normal = origin.lower()
        if not any(pattern.fullmatch(normal) for pattern in self._patterns):
            raise RefusedError(
                close_code=CloseCode.ORIGIN,
                code=ErrorCode.ORIGIN,
                message="pages of this origin may not connect; it must be among the allowed origins",
            )


def _pattern(origin: str) -> re.Pattern[str]:
    if origin == "null":
        return re.compile("null")
    scheme, host, port = _parts(origin.lower())
    first, dot, rest = host.partition(".")
    if "*" in rest or ("*" in first and not dot):
        raise ValueError(f"allowed origin {origin!r}: * may stand within the first of several labels alone")
    wild = re.escape(first).replace(r"\*", _LABEL)
    shown_port = "" if port in (None, _DEFAULT_PORTS.get(scheme)) else f":{port}"
    return re.compile(re.escape(f"{scheme}://") + wild + re.escape(dot + rest + shown_port))


def _parts(origin: str) -> tuple[str, str, int | None]:
    parts = urlsplit(origin)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if not parts.scheme or not parts.hostname or port == -1 or origin != f"{parts.scheme}://{parts.netloc}":
        raise ValueError(f"allowed origin {origin!r}: give scheme://host[:port] and nothing else")
    if "@" in parts.netloc:
        raise ValueError(f"allowed origin {origin!r}: an origin has no user")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return parts.scheme, host, port
