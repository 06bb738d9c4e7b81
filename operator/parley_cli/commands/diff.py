"""`parley diff`: what a file would change in the cluster, before it does."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from parley_cli.checked import Checked, Supposed
from parley_cli.cluster import Cluster, on_cluster
from parley_cli.diffs import coloured
from parley_cli.exits import CHANGES, UNTOLD
from parley_cli.files import checked, show_errors, takes_files
from parley_cli.output import TEXT, takes_output, write
from parley_cli.target import Target, takes_cluster

if TYPE_CHECKING:
    from parley_cli.changes import Change


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

    What in a file is wrong is said as `parley validate` says it. Ends with 0 where nothing would change, 1 where
    something would, 2 where that cannot be told: a file is wrong, or the API server refuses what is in it.
    """
    found = checked((*files, *filenames), Supposed())
    for resource in found:
        show_errors(resource)
    if any(one.errors for one in found):
        sys.exit(UNTOLD)
    try:
        changes = on_cluster(Target(kubeconfig, context, namespace), lambda cluster: _changes(cluster, found))
    except click.ClickException as error:
        # 1 says that something would change.
        error.show()
        sys.exit(max(error.exit_code, UNTOLD))
    if output != TEXT:
        write([_content(one) for one in changes], output)
    else:
        for one in changes:
            _show(one)
    sys.exit(CHANGES if any(one.texts for one in changes) else 0)


async def _changes(cluster: Cluster, found: list[Checked]) -> list[Change]:
    # With it come the models, which help does without.
    from parley_cli.changes import change

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
