"""Plain requests from outside, through Traefik; `calls.py` makes the calls."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from localcluster.components.traefik import ADDRESS
from parley_operator.render import certificates
from tests.cluster.conftest import Cluster
from tests.cluster.kubernetes import SECONDS, Namespace


@dataclass(frozen=True)
class Outside:
    """Whoever asks for a host."""

    host: str
    http: httpx.AsyncClient
    plain: str
    secure: str

    async def ask(
        self,
        method: str,
        path: str,
        *,
        plain: bool = False,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> httpx.Response:
        """One request, over TLS unless `plain`. Redirects are not followed."""
        return await self.http.request(
            method,
            f"{self.plain if plain else self.secure}{path}",
            headers={"Host": self.host, **(headers or {})},
            content=content,
            extensions={"sni_hostname": self.host},
        )

    async def until(self, path: str, status: int, *, plain: bool = False) -> httpx.Response:
        """Ask until the answer has this status: nothing tells when Traefik has taken what is new."""
        answered: httpx.Response | httpx.TransportError | None = None
        try:
            async with asyncio.timeout(SECONDS):
                while True:
                    try:
                        answered = await self.ask("GET", path, plain=plain)
                    except httpx.TransportError as error:
                        answered = error
                    else:
                        if answered.status_code == status:
                            return answered
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{self.host}{path} did not answer {status}, but {answered!r}") from None


@asynccontextmanager
async def outside(cluster: Cluster, *, host: str, authority: str) -> AsyncIterator[Outside]:
    """Someone on this machine who trusts one authority, and keeps no connection."""
    ports = cluster.entrypoints
    context = ssl.create_default_context(cadata=authority)
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(verify=context, limits=limits, trust_env=False) as http:
        yield Outside(host, http, f"http://{ADDRESS}:{ports.web}", f"https://{ADDRESS}:{ports.websecure}")


def certify(namespace: Namespace, name: str, *, host: str) -> str:
    """A Secret with a certificate of a person's own; returns the PEM of its authority."""
    now = datetime.now(UTC)
    authority, key = certificates.new_authority("test", now=now)
    certificate, own_key = certificates.issue(authority, key, hosts=[host], now=now)
    namespace.make_secret(name, **{"tls.crt": certificate.decode(), "tls.key": own_key.decode()})
    return authority.decode()
