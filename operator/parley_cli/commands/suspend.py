"""`parley suspend`: scale to zero now, and answer nobody until `parley resume`."""

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


@click.command("suspend")
@click.argument("name", callback=voice_deployment, shell_complete=voice_deployment_names)
@takes_cluster
@takes_output
def command(name: str, kubeconfig: str | None, context: str | None, namespace: str | None, output: str) -> None:
    """Scale a VoiceDeployment to zero. Sessions that run are told, and may end within rollout.drainTimeout."""
    target = Target(kubeconfig, context, namespace)
    on_cluster(target, lambda cluster: _suspended(cluster, name)).show(output)


async def _suspended(cluster: Cluster, name: str) -> Result:
    changed = await suspend(cluster, name, suspended=True)
    resume = suggested("resume", name, namespace=cluster.namespace)
    said = f"suspended. Its sessions drain; {resume} answers again." if changed else "is suspended already."
    return Result(action="suspend", namespace=cluster.namespace, name=name, changed=changed, message=said)
