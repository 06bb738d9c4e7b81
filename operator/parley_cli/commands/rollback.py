"""`parley rollback`: an older revision again."""

from __future__ import annotations

import click

from parley_cli.cluster import Cluster, on_cluster
from parley_cli.completions import revision_numbers, voice_deployment_names
from parley_cli.history import roll_back
from parley_cli.output import takes_output
from parley_cli.parameters import voice_deployment
from parley_cli.results import Result
from parley_cli.suggested import suggested
from parley_cli.target import Target, takes_cluster


@click.command("rollback")
@click.argument("name", callback=voice_deployment, shell_complete=voice_deployment_names)
@click.option(
    "--to",
    "number",
    type=click.IntRange(min=1),
    metavar="REVISION",
    shell_complete=revision_numbers,
    help="Its number in `parley history NAME`, instead of the one before.",
)
@takes_cluster
@takes_output
def command(
    name: str,
    kubeconfig: str | None,
    context: str | None,
    namespace: str | None,
    number: int | None,
    output: str,
) -> None:
    """Write an older revision into the spec of a VoiceDeployment; its pods are then replaced one at a time.

    While a canary runs, this gives it up: its pods go once their sessions have ended, and no other is replaced.

    How many pods there are, suspension, scaling and rollout settings stay as they are. Where a GitOps tool writes
    the spec, revert there instead: it would undo this.
    """
    target = Target(kubeconfig, context, namespace)
    on_cluster(target, lambda cluster: _rolled_back(cluster, name, number)).show(output)


async def _rolled_back(cluster: Cluster, name: str, number: int | None) -> Result:
    chosen = await roll_back(cluster, name, number)
    status = suggested("status", name, namespace=cluster.namespace)
    said = f"back to revision {chosen.number} ({chosen.name}). {status} shows how it goes."
    return Result(action="rollback", namespace=cluster.namespace, name=name, revision=chosen.name, message=said)
