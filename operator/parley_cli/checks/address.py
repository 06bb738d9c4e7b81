"""Whether callers find the service: its names in DNS, its port, and the certificate that is served there."""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlsplit

from parley_cli.checks.certificate import Held
from parley_cli.checks.served import served
from parley_cli.checks.verdict import Verdict, failing, ok, warning
from parley_operator.kube.objects import Json

_LOOKUP_S = 5.0


async def address(body: Json, held: Held) -> list[Verdict]:
    """Of each URL that the status names, seen from this machine; `held` is what should be served."""
    urls = [urlsplit(one["url"]) for one in (body.get("status") or {}).get("endpoints") or ()]
    places = {(url.hostname, url.port or (443 if url.scheme == "wss" else 80), url.scheme) for url in urls}
    untried = {str(host): why for host, _, _ in places if host and (why := _untried(host))}
    outside = [place for place in sorted(places, key=str) if place[0] and place[0] not in untried]
    found = await asyncio.gather(*(_place(body, str(host), port, scheme, held) for host, port, scheme in outside))
    notes = [warning(host, *why) for host, why in sorted(untried.items())]
    return [*notes, *(verdict for verdicts in found for verdict in verdicts)]


def _untried(host: str) -> tuple[str, str] | None:
    """Why DNS is not asked for this name, and what to do instead; None where it is asked."""
    if host == "localhost" or host.endswith(".localhost"):
        said = "its port and certificate are not tried: the name means whatever machine asks (RFC 6761)"
        return said, "parley talk URL --connect HOST:PORT, with the ingress controller's own address"
    if host.endswith(".svc"):
        return "its port is not tried: the name is the cluster's own", "try it from a pod"
    return None


async def _place(body: Json, host: str, port: int, scheme: str, held: Held) -> list[Verdict]:
    try:
        async with asyncio.timeout(_LOOKUP_S):
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError):
        known = f"kubectl -n {body['metadata']['namespace']} get ingress"
        mend = f"make a DNS record that points at the ingress controller's address ({known})"
        return [failing(host, "has no address in DNS, seen from here", mend)]
    at = str(found[0][4][0])
    said = ok(host, f"is {at} in DNS")
    return [said, *await served(host, port, at=at, held=held)] if scheme == "wss" else [said]
