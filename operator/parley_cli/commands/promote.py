"""`parley promote`: from a part of new connections to all pods."""

from __future__ import annotations

import click

from parley_cli.cluster import Target, on_cluster, takes_cluster
from parley_cli.promoting import promote


@click.command("promote")
@click.argument("name")
@takes_cluster
def command(name: str, kubeconfig: str | None, context: str | None, namespace: str | None) -> None:
    """Bring what a VoiceDeployment's canary tries to all of its pods.

    The spec stays as it is: an annotation names the revision, so that the next change is tried again, and a GitOps
    tool has nothing to undo. To give a canary up, go back to the older spec: `parley rollback NAME`.
    """
    revision = on_cluster(Target(kubeconfig, context, namespace), lambda cluster: promote(cluster, name))
    if revision is None:
        raise click.ClickException(f"{name} has no canary: `parley status {name}` shows what runs")
    click.echo(f"{name}: revision {revision} goes to all pods. `parley status {name}` shows how it goes.")
