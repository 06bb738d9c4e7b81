"""`parley rollback`: an older revision again."""

from __future__ import annotations

import click

from parley_cli.cluster import Target, on_cluster, takes_cluster
from parley_cli.completions import voice_deployment_names
from parley_cli.history import roll_back


@click.command("rollback")
@click.argument("name", shell_complete=voice_deployment_names)
@takes_cluster
@click.option("--to", "number", type=click.IntRange(min=1), metavar="REVISION", help="Instead of the one before.")
def command(
    name: str, kubeconfig: str | None, context: str | None, namespace: str | None, number: int | None
) -> None:
    """Write an older revision into the spec of a VoiceDeployment; its pods are then replaced one at a time.

    While a canary runs, this gives it up: its pods go once their sessions have ended, and no other is replaced.

    How many pods there are, suspension, scaling and rollout settings stay as they are. Where a GitOps tool writes
    the spec, revert there instead: it would undo this.
    """
    target = Target(kubeconfig, context, namespace)
    chosen = on_cluster(target, lambda cluster: roll_back(cluster, name, number))
    click.echo(
        f"{name}: back to revision {chosen.number} ({chosen.name}). `parley status {name}` shows how it goes."
    )
