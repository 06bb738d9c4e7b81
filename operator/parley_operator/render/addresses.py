"""Hosts and ports of URLs, and nothing else of them: they may hold passwords."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443, "redis": 6379, "rediss": 6379, "postgres": 5432, "postgresql": 5432}
_HOST = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[^\[\]:/]+))(?::(?P<port>[0-9]{1,5}))?", re.IGNORECASE)


class Address(NamedTuple):
    """Where a connection goes."""

    host: str
    """A name in lower case, or an IP address without brackets."""
    port: int


def addresses(url: str) -> tuple[Address, ...]:
    """The hosts of a URL: several where a database has several. Empty where it cannot be read."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ()
    default = DEFAULT_PORTS.get(parts.scheme)
    if default is None:
        return ()
    found = [_address(host, default) for host in parts.netloc.rpartition("@")[2].split(",")]
    known = tuple(address for address in found if address is not None)
    return known if len(known) == len(found) else ()


def _address(host: str, default: int) -> Address | None:
    match = _HOST.fullmatch(host)
    if match is None:
        return None
    port = int(match["port"] or default)
    name = (match["v6"] or match["name"]).lower().removesuffix(".")
    return Address(name, port) if name and 0 < port < 65_536 else None
