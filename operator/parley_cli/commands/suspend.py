"""`parley suspend`: scale to zero now, and answer nobody until `parley resume`."""

from __future__ import annotations

import click

from parley_cli.cluster import Target, on_cluster, takes_cluster
from parley_cli.completions import voice_deployment_names
from parley_cli.suspending import suspend


@click.command("suspend")
@click.argument("name", shell_complete=voice_deployment_names)
@takes_cluster
def command(name: str, kubeconfig: str | None, context: str | None, namespace: str | None) -> None:
    """Scale a VoiceDeployment to zero. Sessions that run are told, and may end within rollout.drainTimeout."""
    changed = on_cluster(
        Target(kubeconfig, context, namespace), lambda cluster: suspend(cluster, name, suspended=True)
    )
    if changed:
        click.echo(f"{name}: suspended. Its sessions drain; `parley resume {name}` answers again.")
    else:
        click.echo(f"{name}: is suspended already.")
