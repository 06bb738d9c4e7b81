"""Why no WebSocket was opened, in words: of the network, of TLS, or of what answered by HTTP instead."""

from __future__ import annotations

import errno
import json
import socket
import ssl
from urllib.parse import urlsplit

from websockets.exceptions import InvalidStatus

from parley_client.errors import AbsentError, RefusedError, UnreachableError, UnresolvedError, UntrustedError

_TOO_MANY = 429
_NOT_FOUND = 404
_NOT_NOW = frozenset({502, 503, 504})
"""What proxies answer that know the path, and nobody behind it."""
_OF_THE_LEAF = frozenset({9, 10, 62})
"""X509_V_ERR_CERT_NOT_YET_VALID, _CERT_HAS_EXPIRED and _HOSTNAME_MISMATCH: no authority would mend these."""


def refused_handshake(error: InvalidStatus) -> UnreachableError | RefusedError:
    """Gateways say why in JSON; whatever else answers there is no gateway, or counts who comes before it does."""
    status = error.response.status_code
    try:
        return RefusedError(status, str(json.loads(error.response.body or b"")["error"]))
    except (ValueError, KeyError, TypeError):
        pass
    if status == _TOO_MANY:
        return RefusedError(status, "too many connections from this address in a short time: wait a moment")
    if status in _NOT_NOW:
        said = "no gateway serves there now: the VoiceDeployment is not ready, or it is suspended"
        return AbsentError(f"the server answered HTTP {status}: {said}")
    if status == _NOT_FOUND:
        # Some, such as Traefik, say so also of a path whose Service has no pod that is ready.
        said = (
            "nothing is served under this host and path (the native protocol's is /v1/voice by default), or no "
            "pod is behind it: the VoiceDeployment is not ready, or it is suspended"
        )
        return AbsentError(f"the server answered HTTP {status}: {said}")
    said = "no gateway answers at this URL: is it the path of the native protocol?"
    return UnreachableError(f"the server answered HTTP {status}: {said}")


def untrusted(url: str, error: ssl.SSLCertVerificationError) -> UnreachableError:
    """Of a certificate that was refused."""
    said = f"{url}: the server's certificate is not trusted: {error.verify_message}"
    return UnreachableError(said) if error.verify_code in _OF_THE_LEAF else UntrustedError(said)


def unreached(url: str, error: Exception, address: tuple[str, int] | None) -> UnreachableError:
    """Of a name that is none, a port at which nobody listens, or what else the network says."""
    if address is None:
        parts = urlsplit(url)
        address = str(parts.hostname), parts.port or (443 if parts.scheme == "wss" else 80)
    host, port = address
    if isinstance(error, socket.gaierror):
        return UnresolvedError(f"{url}: {host} has no address, seen from here")
    # Of a name with several addresses, asyncio joins what each has met into one OSError without a number.
    if isinstance(error, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}]" in str(error):
        return UnreachableError(f"{url}: nothing listens at port {port} of {host}")
    return UnreachableError(f"{url}: {error}")
