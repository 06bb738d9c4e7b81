"""`spec.pod.proxy`: the HTTP proxy that stands between the gateway and its providers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.values import HostSuffix, ProxyUrl

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
"""By which programs are told, in capitals and in small letters."""


class ProxySpec(ResourceModel):
    """The proxy for all that the gateway reaches by HTTP and WebSocket. Redis and PostgreSQL are reached without.

    The loopback, names of Services (.svc, .cluster.local) and hosts without a dot that the spec names are never
    reached through it. One that wants a password: name HTTPS_PROXY in env, with its value in a Secret.
    """

    http_proxy: Annotated[ProxyUrl | None, Field(alias="httpProxy")] = None
    """The proxy for http:// addresses."""
    https_proxy: Annotated[ProxyUrl | None, Field(alias="httpsProxy")] = None
    """The proxy for https:// and wss:// addresses, which it passes on without reading them."""
    no_proxy: Annotated[tuple[HostSuffix, ...], Field(max_length=64)] | None = None
    """Further hosts, domains and IP addresses that are reached directly."""

    rules = (
        Rule(
            cel="has(self.httpProxy) || has(self.httpsProxy)",
            message="set httpsProxy, or httpProxy, or both",
            holds=lambda proxy: bool(proxy.http_proxy or proxy.https_proxy),
        ),
    )
