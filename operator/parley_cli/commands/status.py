"""`parley status`: a VoiceDeployment, its conditions, and the tree of what it has become."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from parley_cli.ages import age
from parley_cli.cluster import Cluster, on_cluster
from parley_cli.completions import voice_deployment_names
from parley_cli.condition_advice import advice, message
from parley_cli.family import Child, Family, family
from parley_cli.output import TEXT, takes_output, write
from parley_cli.parameters import voice_deployment
from parley_cli.tables import table
from parley_cli.target import Target, refuse_everywhere, takes_cluster, takes_everywhere
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.kube.objects import Json

_COLOURS = {"True": "green", "False": "red", "Unknown": "yellow"}
_HARMLESS = frozenset({"RolloutComplete", "Suspended"})
"""Reasons for which a condition that is false is nothing to worry about."""


@click.command("status")
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
    """Show a VoiceDeployment with its conditions and children; without NAME, all in the namespace."""
    target = Target(kubeconfig, context, namespace)
    if name is None:
        place, found = on_cluster(target, lambda cluster: _all(cluster, everywhere=everywhere))
        _show_all(found, output, place="" if everywhere else place)
        return
    refuse_everywhere(name, everywhere=everywhere)
    body, children = on_cluster(target, lambda cluster: _one(cluster, name))
    if output != TEXT:
        write(_content(body, children), output)
    else:
        _show(body, children)


async def _all(cluster: Cluster, *, everywhere: bool) -> tuple[str, list[Json]]:
    """The namespace that was meant, and what is there."""
    return cluster.namespace, await cluster.voice_deployments(everywhere=everywhere)


async def _one(cluster: Cluster, name: str) -> tuple[Json, Family]:
    body = await cluster.voice_deployment(name)
    return body, await family(cluster, name)


def _show_all(bodies: list[Json], output: str, *, place: str) -> None:
    """`place` is the namespace; empty for all."""
    if output != TEXT:
        write([_summary(body) for body in bodies], output)
        return
    if not bodies:
        where = f"namespace {place}. See another with -n, or all with -A" if place else "the cluster"
        click.echo(f"There is no VoiceDeployment in {where}.", err=True)
        return
    headings = ("NAME", "READY", "REASON", "PODS", "VERSION", "URL", "AGE")
    rows = [_row(_summary(body)) for body in bodies]
    if not place:
        namespaces = [body["metadata"]["namespace"] for body in bodies]
        click.echo(table(("NAMESPACE", *headings), [(ns, *row) for ns, row in zip(namespaces, rows, strict=True)]))
    else:
        click.echo(table(headings, rows))


def _summary(body: Json) -> dict[str, Any]:
    status = body.get("status") or {}
    ready = _conditions(body).get("Ready", {"status": "Unknown", "reason": "NotSeenYet"})
    endpoints = status.get("endpoints") or [{}]
    return {
        "namespace": body["metadata"]["namespace"],
        "name": body["metadata"]["name"],
        "ready": ready["status"],
        "reason": ready["reason"],
        "pods": f"{status.get('readyReplicas', 0)}/{status.get('replicas', 0)}",
        "version": status.get("version", ""),
        "url": endpoints[0].get("url"),
        "since": body["metadata"]["creationTimestamp"],
    }


def _row(summary: dict[str, Any]) -> tuple[str, ...]:
    url, since = summary["url"] or "-", age(summary["since"])
    ready = click.style(summary["ready"], fg=_COLOURS.get(summary["ready"]))
    return (summary["name"], ready, summary["reason"], summary["pods"], summary["version"], url, since)


def _conditions(body: Json) -> dict[str, Json]:
    return {one["type"]: one for one in (body.get("status") or {}).get("conditions") or ()}


def _content(body: Json, found: Family) -> dict[str, Any]:
    children = [
        {"kind": one.kind, "name": one.name, "state": one.state, "owner": one.owner, "since": one.since}
        for one in found.children
    ]
    metadata = {name: body["metadata"][name] for name in ("name", "namespace", "generation")}
    return {**metadata, "status": body.get("status") or {}, "children": children, "hidden": list(found.hidden)}


def _show(body: Json, found: Family) -> None:
    metadata, status = body["metadata"], body.get("status") or {}
    click.secho(f"{metadata['namespace']}/{metadata['name']}", bold=True)
    if status.get("observedGeneration", 0) < metadata["generation"]:
        click.secho("  The operator has not acted upon the latest spec yet.", fg="yellow")
    for endpoint in status.get("endpoints") or ():
        click.echo(f"  {endpoint['protocol']:8} {endpoint['url']}")
    click.echo(f"  Release  {status.get('version', 'not chosen yet')}")
    if canary := status.get("canary"):
        share = f"{canary['weightPercent']} % of new connections, {canary['readyReplicas']} pods ready"
        click.echo(f"  Canary   {canary['revision']}, {share}, for {age(canary['since'])}")
    click.echo("\nConditions")
    click.echo(_conditions_table(body))
    click.echo("\nChildren")
    for depth, child in _tree(found.children, metadata["name"]):
        state = f"  {click.style(child.state, dim=True)}" if child.state else ""
        click.echo(f"  {'   ' * depth}{child.kind}/{child.name}{state}  {click.style(age(child.since), dim=True)}")
    if found.hidden:
        click.echo(f"\nYou may not list {', '.join(found.hidden)}.")


def _conditions_table(body: Json) -> str:
    rows = (
        (f"  {one['type']}", _truth(one), one["reason"], age(one["lastTransitionTime"]), _said(one, body))
        for one in _conditions(body).values()
    )
    return table(("  TYPE", "STATUS", "REASON", "FOR", "MESSAGE"), rows)


def _said(condition: Json, body: Json) -> str:
    """The message; `Ready` of what is suspended also says which command ends that."""
    said, metadata = message(condition), body["metadata"]
    if condition["type"] != ConditionType.READY or condition["reason"] != Reason.SUSPENDED:
        return said
    return f"{said} {advice(condition['reason'], metadata['name'], namespace=metadata['namespace'])}"


def _truth(condition: Json) -> str:
    colour = None if condition["reason"] in _HARMLESS else _COLOURS.get(condition["status"])
    return click.style(condition["status"], fg=colour)


_BELOW = {"Deployment": "ReplicaSet", "ReplicaSet": "Pod"}
"""Whose children are shown below whom; names alone would not do: a Deployment has its resource's name."""


def _tree(children: tuple[Child, ...], owner: str) -> Iterator[tuple[int, Child]]:
    """All children with their depth, each below who controls it."""
    for child in children:
        if child.owner == owner and child.kind not in _BELOW.values():
            yield from _branch(children, child, 0)


def _branch(children: tuple[Child, ...], top: Child, depth: int) -> Iterator[tuple[int, Child]]:
    yield depth, top
    for child in children:
        if child.owner == top.name and child.kind == _BELOW.get(top.kind):
            yield from _branch(children, child, depth + 1)
