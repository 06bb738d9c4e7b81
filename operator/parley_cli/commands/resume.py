"""`parley resume`: answer again after `parley suspend`."""

from __future__ import annotations

import click

from parley_cli.cluster import Cluster, on_cluster
from parley_cli.completions import voice_deployment_names
from parley_cli.output import takes_output
from parley_cli.parameters import voice_deployment
from parley_cli.results import Result
from parley_cli.suggested import suggested
from parley_cli.suspending import suspend
from parley_cli.target import Target, takes_cluster


@click.command("resume")
@click.argument("name", callback=voice_deployment, shell_complete=voice_deployment_names)
@takes_cluster
@takes_output
def command(name: str, kubeconfig: str | None, context: str | None, namespace: str | None, output: str) -> None:
    """Start a suspended VoiceDeployment again."""
    target = Target(kubeconfig, context, namespace)
    on_cluster(target, lambda cluster: _resumed(cluster, name)).show(output)


async def _resumed(cluster: Cluster, name: str) -> Result:
    changed = await suspend(cluster, name, suspended=False)
    status = suggested("status", name, namespace=cluster.namespace)
    said = f"resumed. {status} shows when its pods are ready." if changed else "is not suspended."
    return Result(action="resume", namespace=cluster.namespace, name=name, changed=changed, message=said)
