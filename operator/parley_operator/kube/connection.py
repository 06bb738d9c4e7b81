"""The way to one API server: address, TLS and credentials, from a kubeconfig or from inside a pod.

`kubernetes.aio.config` reads kubeconfigs with all their ways to log in and renews in-cluster tokens; the requests
themselves go through aiohttp, because its sessions can be handed to kopf as well, so that one middleware sees
every request of the process.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.client.rest import RESTClientObject
from kubernetes.aio.config import load_incluster_config, load_kube_config

Handler = Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]
Middleware = Callable[[aiohttp.ClientRequest, Handler], Awaitable[aiohttp.ClientResponse]]

_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
READ_BUFFER = 2**20
"""Bytes; one event of a watch can exceed aiohttp's default of 64 KiB."""


@dataclass(frozen=True)
class Connection:
    """An API server and how to authenticate there."""

    configuration: Configuration
    namespace: str = "default"
    """That of the context; inside a pod, the pod's."""

    @property
    def server(self) -> str:
        """The address, without a trailing slash."""
        return str(self.configuration.host).rstrip("/")

    def open_session(
        self, *middlewares: Middleware, user_agent: str = "parley-operator", connections: int = 0
    ) -> aiohttp.ClientSession:
        """A session whose requests carry credentials. The caller closes it.

        `connections` is how many it has at a time, further requests wait; 0: any number.
        """
        tls = RESTClientObject(self.configuration).ssl_context
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections, ssl=tls),
            headers={"User-Agent": user_agent},
            middlewares=(self._authenticate, *middlewares),
            read_bufsize=READ_BUFFER,
        )

    async def _authenticate(self, request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
        token = await self.configuration.get_api_key_with_prefix("BearerToken")
        if token:
            request.headers["Authorization"] = token
        return await handler(request)


async def connect(kubeconfig: str | None = None, *, context: str | None = None) -> Connection:
    """The cluster of `kubeconfig`, else of $KUBECONFIG, else of the pod this runs in, else of ~/.kube/config.

    `context` is one of the kubeconfig's, instead of its current one.
    """
    configuration = Configuration()
    if kubeconfig is None and "KUBECONFIG" not in os.environ and "KUBERNETES_SERVICE_HOST" in os.environ:
        load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        return Connection(configuration, _pod_namespace())
    loader = await load_kube_config(  # type: ignore[no-untyped-call]
        config_file=kubeconfig_or_default(kubeconfig), context=context, client_configuration=configuration
    )
    chosen = loader.current_context["context"]
    return Connection(configuration, chosen.get("namespace") or "default")


def kubeconfig_or_default(kubeconfig: str | None) -> str | None:
    """A file that somebody names, else what $KUBECONFIG says now: the library reads that when it is imported."""
    return os.environ.get("KUBECONFIG") if kubeconfig is None else kubeconfig


def _pod_namespace() -> str:
    return _POD_NAMESPACE.read_text().strip()
