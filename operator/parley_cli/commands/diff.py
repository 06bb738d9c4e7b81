"""`parley diff`: what a file would change in the cluster, before it does."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from parley_cli.changes import Change, change
from parley_cli.cluster import Cluster, Target, on_cluster, takes_cluster
from parley_cli.diffs import coloured
from parley_cli.files import checked, takes_files
from parley_cli.output import TEXT, takes_output, write
from parley_cli.resources import Checked, Supposed


@click.command("diff")
@takes_files
@takes_cluster
@takes_output
def command(
    files: tuple[Path, ...],
    filenames: tuple[Path, ...],
    kubeconfig: str | None,
    context: str | None,
    namespace: str | None,
    output: str,
) -> None:
    """Show what the VoiceDeployments in files would change, in themselves and in what they become.

    Ends with 0 where nothing would change, 1 where something would, 2 where that cannot be told.
    """
    found = checked((*files, *filenames), Supposed())
    wrong = [f"{one.file}:{error.line}: {one.name}: {error}" for one in found for error in one.errors]
    if wrong:
        raise click.UsageError("\n".join(wrong))
    try:
        changes = on_cluster(Target(kubeconfig, context, namespace), lambda cluster: _changes(cluster, found))
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    if output != TEXT:
        write([_content(one) for one in changes], output)
    else:
        for one in changes:
            _show(one)
    sys.exit(1 if any(one.texts for one in changes) else 0)


async def _changes(cluster: Cluster, found: list[Checked]) -> list[Change]:
    return [await change(cluster, one.document) for one in found]


def _content(one: Change) -> dict[str, object]:
    return {
        "name": one.name,
        "isNew": one.is_new,
        "rollsPods": one.rolls_pods,
        "differences": one.texts,
        "warnings": one.warnings,
    }


def _show(one: Change) -> None:
    if one.texts:
        click.echo(coloured(one.texts))
    for warning in one.warnings:
        click.echo(f"{one.name}: {click.style('warning', fg='yellow')}: {warning}", err=True)
    click.echo(f"{one.name}: {_said(one)}", err=True)


def _said(one: Change) -> str:
    if one.is_new:
        return "would be made"
    if not one.texts:
        return "nothing would change"
    pods = "its pods would be replaced one at a time" if one.rolls_pods else "no pod would restart"
    return f"would change; {pods}"
