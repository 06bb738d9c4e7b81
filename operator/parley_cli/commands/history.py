"""`parley history`: the revisions of a VoiceDeployment, and what changed between two of them."""

from __future__ import annotations

import click

from parley_cli.ages import age
from parley_cli.cluster import Cluster, on_cluster
from parley_cli.completions import revision_numbers, voice_deployment_names
from parley_cli.diffs import coloured, differences
from parley_cli.history import Revision, history
from parley_cli.output import TEXT, takes_output, write
from parley_cli.parameters import voice_deployment
from parley_cli.suggested import suggested
from parley_cli.tables import table
from parley_cli.target import Target, takes_cluster


@click.command("history")
@click.argument("name", callback=voice_deployment, shell_complete=voice_deployment_names)
@click.option(
    "--diff",
    "pair",
    type=(int, int),
    metavar="FROM TO",
    shell_complete=revision_numbers,
    help="Show what changed between two revisions instead.",
)
@takes_cluster
@takes_output
def command(
    name: str,
    kubeconfig: str | None,
    context: str | None,
    namespace: str | None,
    pair: tuple[int, int] | None,
    output: str,
) -> None:
    """Show the revisions of a VoiceDeployment that are kept (spec.rollout.revisionHistoryLimit).

    A revision is one state of its spec; `parley rollback NAME` goes back to one.
    """
    place, found = on_cluster(Target(kubeconfig, context, namespace), lambda cluster: _found(cluster, name))
    if pair is not None:
        _show_difference(name, found, pair, namespace=place)
    elif output != TEXT:
        write([_content(one) for one in found], output)
    else:
        click.echo(table(("REVISION", "NAME", "VERSION", "AGE", "STATE"), map(_row, found)))


async def _found(cluster: Cluster, name: str) -> tuple[str, list[Revision]]:
    """The namespace that was meant, and what is there."""
    return cluster.namespace, await history(cluster, name)


def _content(one: Revision) -> dict[str, object]:
    return {"revision": one.number, "name": one.name, "since": one.since, "marks": one.marks, "spec": one.spec}


def _row(one: Revision) -> tuple[str, ...]:
    return (str(one.number), one.name, str(one.spec.get("version", "")), age(one.since), ", ".join(one.marks))


def _show_difference(name: str, found: list[Revision], pair: tuple[int, int], *, namespace: str) -> None:
    specs = {one.number: one.spec for one in found}
    missing = [str(number) for number in pair if number not in specs]
    if missing:
        listed = suggested("history", name, namespace=namespace)
        raise click.ClickException(f"{name} has no revision {' and none '.join(missing)}: {listed} lists them")
    before, after = ({"spec": specs[number]} for number in pair)
    text = differences(before, after, names=(f"revision {pair[0]}", f"revision {pair[1]}"))
    click.echo(coloured(text) if text else f"Revisions {pair[0]} and {pair[1]} are the same.")
