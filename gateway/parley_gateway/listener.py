"""The socket that clients connect to."""

from __future__ import annotations

import socket

from parley_gateway.configuration import ConfigurationError

_BACKLOG = 2048
_SEND_BUFFER = 64 * 1024
"""Left alone, the kernel takes 4 MiB for a client that does not read: a minute and more of stale speech."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; all addresses of both families where `host` is empty. Raises ConfigurationError."""
    try:
        listener = _bound(host, port)
    except (OSError, OverflowError) as error:
        raise ConfigurationError(f"cannot listen on port {port}: {error}; choose another with --port") from error
    # Connections inherit it.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    return listener


def _bound(host: str, port: int) -> socket.socket:
    if host:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=_BACKLOG)
    return socket.create_server(("", port), backlog=_BACKLOG)
