"""`parley sessions`: who talks where, and how well the providers do, told by each pod."""

from __future__ import annotations

import json
from collections.abc import Iterable

import click

from parley_cli.cluster import Target, on_cluster, takes_cluster
from parley_cli.pod_view import PodView, pod_views
from parley_cli.tables import table


@click.command("sessions")
@click.argument("name")
@takes_cluster
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to show it.")
def command(name: str, kubeconfig: str | None, context: str | None, namespace: str | None, output: str) -> None:
    """Show the sessions of each pod of a VoiceDeployment. It needs the right `get` on `pods/proxy`."""
    views = on_cluster(Target(kubeconfig, context, namespace), lambda cluster: pod_views(cluster, name))
    if output == "json":
        click.echo(json.dumps([_content(view) for view in views]))
        return
    if not views:
        click.echo(f"{name} has no pod. `parley status {name}` says why.", err=True)
        return
    click.echo(table(("POD", "STATE", "SESSIONS", "CONNECTIONS", "LAG", "FAILING"), map(_row, views)))
    sessions = sum(view.sessions or 0 for view in views)
    click.echo(f"\nsessions: {sessions}, pods: {len(views)}")


def _content(view: PodView) -> dict[str, object]:
    return {"pod": view.name, "node": view.node, "state": view.state, "health": view.health}


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
