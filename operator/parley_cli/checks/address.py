"""Whether callers find the service: the ingress class, the name, and the certificate that is served there."""

from __future__ import annotations

import asyncio
import socket
import ssl
from datetime import UTC, datetime
from urllib.parse import urlsplit

from parley_cli.checks.verdict import Verdict, failing, ok, warning
from parley_operator.kube.client import Json

_LOOKUP_S = 5.0
_CONNECT_S = 5.0
_SOON_DAYS = 14


async def address(body: Json) -> list[Verdict]:
    """Of each URL that the status names, seen from this machine."""
    urls = [urlsplit(one["url"]) for one in (body.get("status") or {}).get("endpoints") or ()]
    places = {(url.hostname, url.port or (443 if url.scheme == "wss" else 80), url.scheme) for url in urls}
    outside = [place for place in sorted(places, key=str) if place[0] and not _is_local(place[0])]
    is_own = _is_self_signed(body)
    found = [await _place(str(host), port, scheme, is_own=is_own) for host, port, scheme in outside]
    return [verdict for verdicts in found for verdict in verdicts]


def _is_local(host: str) -> bool:
    """Names of the cluster's own, and those that mean one's own machine (RFC 6761): DNS knows neither."""
    return host.endswith((".svc", ".localhost")) or host == "localhost"


def _is_self_signed(body: Json) -> bool:
    ingress = (body["spec"].get("endpoint") or {}).get("ingress") or {}
    return "selfSigned" in (ingress.get("tls") or {})


async def _place(host: str, port: int, scheme: str, *, is_own: bool) -> list[Verdict]:
    try:
        async with asyncio.timeout(_LOOKUP_S):
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError):
        mend = "make a DNS record that points at the ingress controller's address (kubectl get ingress)"
        return [failing(host, "has no address in DNS, seen from here", mend)]
    said = ok(host, f"is {found[0][4][0]} in DNS")
    return [said, await _served(host, port, is_own=is_own)] if scheme == "wss" else [said]


async def _served(host: str, port: int, *, is_own: bool) -> Verdict:
    context = ssl.create_default_context()
    if is_own:
        # Nobody but its own clients trusts it; its dates are worth a look all the same.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(_CONNECT_S):
            _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        return failing(host, f"its certificate is not trusted: {error.verify_message}", "look at CertificateReady")
    except (OSError, TimeoutError) as error:
        mend = "check the ingress controller, its load balancer, and firewalls in between"
        return failing(host, f"port {port} does not answer: {type(error).__name__}", mend)
    try:
        return _dated(host, writer.get_extra_info("peercert"))
    finally:
        writer.transport.abort()


def _dated(host: str, certificate: dict[str, str] | None) -> Verdict:
    if not certificate:
        return ok(host, "answers with TLS")
    expires = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    days = (expires - datetime.now(UTC)).days
    if days < _SOON_DAYS:
        return warning(host, f"its certificate expires in {days} days", "look at CertificateReady")
    return ok(host, f"its certificate is trusted, for {days} days more")
