"""Free TCP ports on loopback."""

from __future__ import annotations

import random
import socket

from localcluster.errors import ClusterError

LOWEST, HIGHEST = 20000, 32000
"""Below the range from which Linux takes the ports of outgoing connections (32768 and up)."""
ATTEMPTS = 200


def free_port(*, preferred: int | None = None, taken: frozenset[int] = frozenset()) -> int:
    """`preferred` if nobody listens there, else a random free one that is not in `taken`."""
    candidates = [preferred] if preferred is not None else []
    candidates += random.sample(range(LOWEST, HIGHEST), ATTEMPTS)
    for port in candidates:
        if port not in taken and is_free(port):
            return port
    raise ClusterError("ports", "no free port on 127.0.0.1", "end what listens on so many ports")


def free_ports(count: int) -> tuple[int, ...]:
    """So many different free ports."""
    chosen: frozenset[int] = frozenset()
    while len(chosen) < count:
        chosen |= {free_port(taken=chosen)}
    return tuple(chosen)


def is_listening(address: str, port: int) -> bool:
    """Whether a server takes connections there."""
    try:
        with socket.create_connection((address, port), timeout=1.0):
            return True
    except OSError:
        return False


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
