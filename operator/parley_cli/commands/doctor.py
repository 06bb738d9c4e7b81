"""`parley doctor`: looks at the whole way from the cluster to a caller, and says how to mend what is broken."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from parley_cli.checks.verdict import Grade, Verdict
from parley_cli.cluster import Cluster, on_cluster
from parley_cli.completions import voice_deployment_names
from parley_cli.output import TEXT, takes_output, write
from parley_cli.parameters import voice_deployment
from parley_cli.target import Target, takes_cluster

_MARKS = {Grade.OK: ("ok", "green"), Grade.WARNING: ("note", "yellow"), Grade.FAILING: ("FAIL", "red")}


@click.command("doctor")
@click.argument("name", required=False, callback=voice_deployment, shell_complete=voice_deployment_names)
@click.option(
    "--keys",
    "with_keys",
    is_flag=True,
    help="Also try every API key, and the addresses of Redis and PostgreSQL: read from Secrets, asked from here.",
)
@takes_cluster
@takes_output
def command(
    name: str | None,
    kubeconfig: str | None,
    context: str | None,
    namespace: str | None,
    with_keys: bool,
    output: str,
) -> None:
    """Check the installation and a VoiceDeployment; without NAME, all in the namespace.

    Ends with 1 where something fails. No credential is read, and none is sent anywhere, unless --keys asks for it;
    its requests cost nothing and change nothing, and no credential is ever shown.
    """
    target = Target(kubeconfig, context, namespace)
    found = on_cluster(target, lambda cluster: _examine(cluster, name, with_keys=with_keys))
    if output != TEXT:
        write([asdict(one) for one in found], output)
    else:
        for one in found:
            _show(one)
    sys.exit(1 if any(one.grade is Grade.FAILING for one in found) else 0)


async def _examine(cluster: Cluster, name: str | None, *, with_keys: bool) -> list[Verdict]:
    # With it come the models, which help does without.
    from parley_cli.checks.everything import examine

    return await examine(cluster, name, with_keys=with_keys)


def _show(one: Verdict) -> None:
    mark, colour = _MARKS[one.grade]
    click.echo(f"{click.style(f'{mark:4}', fg=colour)}  {click.style(one.subject, bold=True)}: {one.message}")
    if one.mend and one.grade is not Grade.OK:
        click.echo(f"      → {one.mend}")
