"""`parley promote`: from a part of new connections to all pods."""

from __future__ import annotations

import click

from parley_cli.cluster import Cluster, on_cluster
from parley_cli.completions import canary_names
from parley_cli.output import takes_output
from parley_cli.parameters import voice_deployment
from parley_cli.promoting import promote
from parley_cli.results import Result
from parley_cli.suggested import suggested
from parley_cli.target import Target, takes_cluster


@click.command("promote")
@click.argument("name", callback=voice_deployment, shell_complete=canary_names)
@takes_cluster
@takes_output
def command(name: str, kubeconfig: str | None, context: str | None, namespace: str | None, output: str) -> None:
    """Bring what a VoiceDeployment's canary tries to all of its pods.

    The spec stays as it is: an annotation names the revision, so that the next change is tried again, and a GitOps
    tool has nothing to undo. To give a canary up, go back to the older spec: `parley rollback NAME`.
    """
    target = Target(kubeconfig, context, namespace)
    on_cluster(target, lambda cluster: _promoted(cluster, name)).show(output)


async def _promoted(cluster: Cluster, name: str) -> Result:
    revision = await promote(cluster, name)
    status = suggested("status", name, namespace=cluster.namespace)
    if revision is None:
        raise click.ClickException(f"{name} has no canary: {status} shows what runs")
    said = f"revision {revision} goes to all pods. {status} shows how it goes."
    return Result(action="promote", namespace=cluster.namespace, name=name, revision=revision, message=said)
