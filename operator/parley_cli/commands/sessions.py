"""`parley sessions`: who talks where, and how well the providers do, told by each pod."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import click

from parley_cli.cluster import Cluster, on_cluster
from parley_cli.completions import voice_deployment_names
from parley_cli.family import pods
from parley_cli.output import TEXT, takes_output, write
from parley_cli.parameters import voice_deployment
from parley_cli.pod_view import PodView, views_of
from parley_cli.suggested import suggested
from parley_cli.tables import table
from parley_cli.target import Target, refuse_everywhere, takes_cluster, takes_everywhere
from parley_operator.kube.objects import Json

_HEADINGS = ("POD", "STATE", "SESSIONS", "CONNECTIONS", "LAG", "FAILING")


@dataclass(frozen=True, slots=True)
class _Told:
    """A pod, and whose it is."""

    namespace: str
    deployment: str
    view: PodView


@click.command("sessions")
@click.argument("name", required=False, callback=voice_deployment, shell_complete=voice_deployment_names)
@takes_everywhere
@takes_cluster
@takes_output
def command(
    name: str | None,
    kubeconfig: str | None,
    context: str | None,
    namespace: str | None,
    everywhere: bool,
    output: str,
) -> None:
    """Show the sessions of each pod of a VoiceDeployment; without NAME, of all in the namespace.

    It needs the right `get` on `pods/proxy`.
    """
    if name is not None:
        refuse_everywhere(name, everywhere=everywhere)
    target = Target(kubeconfig, context, namespace)
    place, told = on_cluster(target, lambda cluster: _told(cluster, name, everywhere=everywhere))
    if output != TEXT:
        write([_content(one) for one in told], output)
    elif not told:
        status = "`parley status -A`" if everywhere else suggested("status", name or "", namespace=place)
        click.echo(f"There is no pod. {status} says why.", err=True)
    else:
        _show(told, with_names=name is None, with_namespaces=everywhere)


async def _told(cluster: Cluster, name: str | None, *, everywhere: bool) -> tuple[str, list[_Told]]:
    """The namespace that was meant, and what its pods say."""
    bodies = (
        [await cluster.voice_deployment(name)] if name else await cluster.voice_deployments(everywhere=everywhere)
    )
    of_each = await asyncio.gather(*(_pods(cluster, body) for body in bodies))
    found = [pair for pairs in of_each for pair in pairs]
    views = await views_of([(cluster.within(body["metadata"]["namespace"]), pod) for body, pod in found])
    return cluster.namespace, [
        _Told(body["metadata"]["namespace"], body["metadata"]["name"], view)
        for (body, _), view in zip(found, views, strict=True)
    ]


async def _pods(cluster: Cluster, body: Json) -> list[tuple[Json, Json]]:
    """The resource with each of its pods."""
    found = await pods(cluster.within(body["metadata"]["namespace"]), body["metadata"]["name"])
    return [(body, pod) for pod in found]


def _content(one: _Told) -> dict[str, object]:
    view = one.view
    whose = {"namespace": one.namespace, "deployment": one.deployment}
    return {**whose, "pod": view.name, "node": view.node, "state": view.state, "health": view.health}


def _show(told: list[_Told], *, with_names: bool, with_namespaces: bool) -> None:
    def whose(one: _Told) -> tuple[str, ...]:
        named = (one.deployment,) if with_names else ()
        return (one.namespace, *named) if with_namespaces else named

    headings = (*(("NAMESPACE",) if with_namespaces else ()), *(("NAME",) if with_names else ()), *_HEADINGS)
    click.echo(table(headings, [(*whose(one), *_row(one.view)) for one in told]))
    click.echo(f"\nsessions: {sum(one.view.sessions or 0 for one in told)}, pods: {len(told)}")


def _row(view: PodView) -> tuple[str, ...]:
    if view.health is None:
        return (view.name, view.state, "-", "-", "-", "does not answer")
    lag = f"{view.health['eventLoopLagSeconds'] * 1000:.0f}ms"
    failing = ", ".join(failures(view)) or "none"
    return (view.name, view.state, str(view.sessions), str(view.health["connections"]), lag, failing)


def failures(view: PodView) -> Iterable[str]:
    """The dependencies of a pod that fail."""
    dependencies = (view.health or {}).get("dependencies") or {}
    return (name for name, said in dependencies.items() if said.get("status") == "failing")
