"""The cluster that a command talks to: the one of the kubeconfig, as kubectl would choose it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import click

from parley_cli.completions import context_names, namespace_names
from parley_cli.exits import RefusedError
from parley_cli.exits import UnreachableError as NobodyThereError
from parley_operator.api import API_VERSION, KIND
from parley_operator.kube.client import Client, Json
from parley_operator.kube.connection import connect
from parley_operator.kube.discovery import Discovery, UnknownKindError
from parley_operator.kube.errors import ApiError, ForbiddenError, KubeError, NotFoundError, UnreachableError

_T = TypeVar("_T")
_Command = TypeVar("_Command", bound=Callable[..., Any])

REQUEST_S = 15.0
"""A person waits: less than the operator grants a request."""
_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Target:
    """Which cluster and namespace; None is what the kubeconfig says."""

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None


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
                f"there is no {KIND} {name} in namespace {self.namespace}: `parley status -n {self.namespace}` "
                "lists those that there are"
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


def takes_cluster(command: _Command) -> _Command:
    """Gives a command the parameters `kubeconfig`, `context` and `namespace`, for `Target`."""
    for option in (
        click.option("--kubeconfig", metavar="FILE", help="Instead of $KUBECONFIG or ~/.kube/config."),
        click.option(
            "--context",
            metavar="NAME",
            shell_complete=context_names,
            help="Of the kubeconfig, instead of the current one.",
        ),
        click.option(
            "-n",
            "--namespace",
            metavar="NAME",
            shell_complete=namespace_names,
            help="Instead of the context's.",
        ),
    ):
        command = option(command)
    return command


def takes_everywhere(command: _Command) -> _Command:
    """Gives a command the parameter `everywhere`."""
    option = click.option(
        "-A", "--all-namespaces", "everywhere", is_flag=True, help="Of all namespaces, without NAME."
    )
    return option(command)


def refuse_everywhere(name: str, *, everywhere: bool) -> None:
    """A name is one of a namespace. Raises click.UsageError."""
    if everywhere:
        raise click.UsageError(f"{name} is of one namespace: give NAME or --all-namespaces")


def on_cluster(target: Target, work: Callable[[Cluster], Awaitable[_T]]) -> _T:
    """Do the work on the cluster. Raises click.ClickException that says what to do, for all that can go wrong."""
    try:
        return asyncio.run(_on_cluster(target, work))
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


async def _on_cluster(target: Target, work: Callable[[Cluster], Awaitable[_T]]) -> _T:
    # It warns of a kubeconfig that is missing, which the error says better.
    logging.getLogger("kubernetes").setLevel(logging.CRITICAL)
    try:
        connection = await connect(target.kubeconfig, context=target.context)
    except Exception as error:
        raise NobodyThereError(f"no cluster: {error}. Name one with --kubeconfig or $KUBECONFIG") from error
    async with connection.open_session(user_agent="parley") as session:
        client = Client(session, connection.server, timeout=REQUEST_S)
        return await work(
            Cluster(client, Discovery(client), connection.server, target.namespace or connection.namespace)
        )
