"""`parley resume`: answer again after `parley suspend`."""

from __future__ import annotations

import click

from parley_cli.cluster import Target, on_cluster, takes_cluster
from parley_cli.completions import voice_deployment_names
from parley_cli.suspending import suspend


@click.command("resume")
@click.argument("name", shell_complete=voice_deployment_names)
@takes_cluster
def command(name: str, kubeconfig: str | None, context: str | None, namespace: str | None) -> None:
    """Start a suspended VoiceDeployment again."""
    changed = on_cluster(
        Target(kubeconfig, context, namespace), lambda cluster: suspend(cluster, name, suspended=False)
    )
    if changed:
        click.echo(f"{name}: resumed. `parley status {name}` shows when its pods are ready.")
    else:
        click.echo(f"{name}: is not suspended.")
