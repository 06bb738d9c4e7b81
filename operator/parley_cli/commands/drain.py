"""`parley drain`: take one pod out of service without cutting a call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import click

from parley_cli.cluster import Cluster, on_cluster
from parley_cli.completions import pod_names
from parley_cli.output import TEXT, takes_output
from parley_cli.parameters import duration, gateway_pod
from parley_cli.pod_view import view_of
from parley_cli.results import Result
from parley_cli.suggested import suggested
from parley_cli.target import Target, takes_cluster
from parley_operator.kube.errors import ForbiddenError, NotFoundError, ThrottledError
from parley_operator.kube.objects import Json
from parley_operator.render.labels import COMPONENT
from parley_operator.render.track import TRACKS

_LOOK_S = 2.0


@click.command("drain")
@click.argument("pod", callback=gateway_pod, shell_complete=pod_names)
@click.option("--wait/--no-wait", default=True, show_default=True, help="Stay until the pod is gone.")
@click.option(
    "--timeout",
    metavar="DURATION",
    callback=duration,
    default="1h",
    show_default=True,
    help="How long to stay, such as 30m.",
)
@takes_cluster
@takes_output
def command(
    pod: str,
    kubeconfig: str | None,
    context: str | None,
    namespace: str | None,
    wait: bool,
    timeout: float,
    output: str,
) -> None:
    """Evict a gateway's POD: it takes no new session, and ends when its last one has.

    The disruption budget counts; another pod takes its place. `parley sessions` lists the pods. Ends with 1 where
    the pod may not go now, or is still there after the timeout.
    """
    tell = click.echo if output == TEXT else _silent
    target = Target(kubeconfig, context, namespace)
    on_cluster(target, lambda cluster: _drain(cluster, pod, timeout if wait else None, tell)).show(output)


def _silent(_: str) -> None:
    """For programs, which read the result."""


async def _drain(cluster: Cluster, name: str, timeout_s: float | None, tell: Callable[[str], None]) -> Result:
    path = f"{await cluster.collection('Pod', 'v1')}/{name}"
    pod = await _gateway_pod(cluster, path, name)
    metadata = {"name": name, "namespace": cluster.namespace}
    preconditions = {"preconditions": {"uid": pod["metadata"]["uid"]}}
    eviction: Json = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": metadata,
        "deleteOptions": preconditions,
    }
    try:
        await cluster.client.create(f"{path}/eviction", eviction, field_manager="parley")
    except ThrottledError as error:
        raise click.ClickException(
            f"{name} may not go now: {error.message} Run more pods (spec.replicas), or try again later."
        ) from error
    said = "drains; it takes no new session"
    if timeout_s is not None:
        tell(f"{name}: {said}")
        await _until_gone(cluster, path, name, timeout_s, tell)
        said = "gone"
    return Result(action="drain", kind="Pod", namespace=cluster.namespace, name=name, message=said)


async def _gateway_pod(cluster: Cluster, path: str, name: str) -> Json:
    try:
        pod = await cluster.client.get(path)
    except NotFoundError:
        raise click.ClickException(
            f"there is no pod {name} in namespace {cluster.namespace}: "
            f"{suggested('sessions', namespace=cluster.namespace)} lists those that there are"
        ) from None
    if (pod["metadata"].get("labels") or {}).get(COMPONENT) not in {track.component for track in TRACKS}:
        raise click.ClickException(f"{name} is no gateway's pod: kubectl delete is for others")
    return pod


async def _until_gone(
    cluster: Cluster, path: str, name: str, timeout_s: float, tell: Callable[[str], None]
) -> None:
    shown: int | None = None
    try:
        async with asyncio.timeout(timeout_s):
            while (pod := await _found(cluster, path)) is not None:
                left = await _sessions(cluster, pod)
                if left is not None and left != shown:
                    tell(f"{name}: {left} sessions left")
                    shown = left
                await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        raise click.ClickException(f"{name} is still there after {timeout_s:g} s; it goes on draining") from None


async def _found(cluster: Cluster, path: str) -> Json | None:
    try:
        return await cluster.client.get(path)
    except NotFoundError:
        return None


async def _sessions(cluster: Cluster, pod: Json) -> int | None:
    try:
        return (await view_of(cluster, pod)).sessions
    except ForbiddenError:
        return None
