"""The cluster that a command talks to: the one of the kubeconfig, as kubectl would choose it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import click

from parley_cli.exits import RefusedError
from parley_cli.exits import UnreachableError as NobodyThereError
from parley_cli.no_cluster import explained
from parley_cli.suggested import suggested
from parley_cli.target import Target
from parley_operator.api import API_VERSION, KIND
from parley_operator.kube.discovery import Discovery, UnknownKindError
from parley_operator.kube.errors import ApiError, ForbiddenError, KubeError, NotFoundError, UnreachableError
from parley_operator.kube.objects import Json
from parley_operator.views import WATCHED

if TYPE_CHECKING:
    from parley_operator.kube.client import Client

_T = TypeVar("_T")

REQUEST_S = 15.0
"""A person waits: less than the operator grants a request."""
CONNECTIONS = 16
"""At a time: each begins with TLS, so that a hundred requests are done sooner over a few than over a hundred."""
_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Cluster:
    """An API server, with the rights of whoever asks."""

    client: Client
    discovery: Discovery
    server: str
    namespace: str

    async def voice_deployment(self, name: str) -> Json:
        """One resource. Raises click.ClickException where there is none."""
        try:
            return await self.client.get(f"{await self.collection()}/{name}")
        except NotFoundError:
            raise click.ClickException(
                f"there is no {KIND} {name} in namespace {self.namespace}: "
                f"{suggested('status', namespace=self.namespace)} lists those that there are"
            ) from None

    async def voice_deployments(self, *, everywhere: bool = False) -> list[Json]:
        """All resources of the namespace, or of all namespaces, by namespace and name."""
        path = await self.discovery.collection(API_VERSION, KIND) if everywhere else await self.collection()
        items: list[Json] = (await self.client.list(path))["items"]
        return sorted(items, key=lambda item: (str(item["metadata"]["namespace"]), str(item["metadata"]["name"])))

    def within(self, namespace: str) -> Cluster:
        """The same cluster, seen from another namespace."""
        return replace(self, namespace=namespace)

    async def collection(self, kind: str = KIND, api_version: str = API_VERSION) -> str:
        """The path of a kind's objects in the namespace."""
        return await self.discovery.collection(api_version, kind, namespace=self.namespace)


def on_cluster(target: Target, work: Callable[[Cluster], Awaitable[_T]], *, connections: int = CONNECTIONS) -> _T:
    """Do the work on the cluster. Raises click.ClickException that says what to do, for all that can go wrong.

    `connections` is how many there may be at a time, 0 for any number: work that holds some open must not wait for
    itself.
    """
    try:
        return asyncio.run(_on_cluster(target, work, connections))
    except UnknownKindError as error:
        raise click.ClickException(f"{error}: install Parley first (helm install parley charts/parley)") from error
    except UnreachableError as error:
        raise NobodyThereError(
            f"the API server does not answer ({error}): check `kubectl config current-context`"
        ) from error
    except ForbiddenError as error:
        raise RefusedError(f"you may not do that: {error.message}") from error
    except ApiError as error:
        if error.status == _UNAUTHORIZED:
            raise RefusedError(
                "the API server does not know you: log in again, or choose another --context"
            ) from error
        raise click.ClickException(str(error)) from error
    except KubeError as error:
        raise click.ClickException(str(error)) from error


async def _on_cluster(target: Target, work: Callable[[Cluster], Awaitable[_T]], connections: int) -> _T:
    # The libraries of HTTP and of kubeconfigs take longer to load than all else, and help does without.
    from parley_operator.kube.client import Client
    from parley_operator.kube.connection import connect

    # It warns of a kubeconfig that is missing, which the error says better.
    logging.getLogger("kubernetes").setLevel(logging.CRITICAL)
    try:
        connection = await connect(target.kubeconfig, context=target.context)
    except Exception as error:
        raise NobodyThereError(explained(error, target)) from error
    async with connection.open_session(user_agent="parley", connections=connections) as session:
        client = Client(session, connection.server, timeout=REQUEST_S)
        return await work(
            Cluster(client, _discovery(client), connection.server, target.namespace or connection.namespace)
        )


def _discovery(client: Client) -> Discovery:
    """Knows already what every cluster serves."""
    discovery = Discovery(client)
    for kind, (group, version, plural) in WATCHED.items():
        discovery.know(f"{group}/{version}".lstrip("/"), kind, plural)
    return discovery
