"""`parley doctor`: looks at the whole way from the cluster to a caller, and says how to mend what is broken."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict

import click

from parley_cli.checks.address import address
from parley_cli.checks.certificate import certificate
from parley_cli.checks.credentials import credentials
from parley_cli.checks.deployment import deployment
from parley_cli.checks.ingress import ingress
from parley_cli.checks.installation import installation
from parley_cli.checks.verdict import Grade, Verdict, warning
from parley_cli.cluster import Cluster, Target, on_cluster, takes_cluster
from parley_cli.completions import voice_deployment_names
from parley_cli.output import TEXT, takes_output, write
from parley_operator.kube.client import Json

_MARKS = {Grade.OK: ("ok", "green"), Grade.WARNING: ("note", "yellow"), Grade.FAILING: ("FAIL", "red")}


@click.command("doctor")
@click.argument("name", required=False, shell_complete=voice_deployment_names)
@takes_cluster
@click.option(
    "--keys",
    "with_keys",
    is_flag=True,
    help="Also try every API key, and the addresses of Redis and PostgreSQL: read from Secrets, asked from here.",
)
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
    found = await installation(cluster)
    if any(one.grade is Grade.FAILING and one.subject == "Definition" for one in found):
        return found
    bodies = [await cluster.voice_deployment(name)] if name else await cluster.voice_deployments()
    if not bodies:
        found.append(_none(cluster.namespace))
    for examined in await asyncio.gather(*(_one(cluster, body) for body in bodies)):
        found += examined
    return [*found, *await credentials(cluster, bodies)] if with_keys else found


def _none(namespace: str) -> Verdict:
    said = f"there is none in namespace {namespace}: only the installation was looked at"
    return warning(
        "VoiceDeployments", said, "name another namespace with -n; `parley status -A` lists all there are"
    )


async def _one(cluster: Cluster, body: Json) -> list[Verdict]:
    said, held = await certificate(cluster, body)
    return [
        *await deployment(cluster, body),
        *await ingress(cluster, body),
        *said,
        *await address(body, held),
    ]


def _show(one: Verdict) -> None:
    mark, colour = _MARKS[one.grade]
    click.echo(f"{click.style(f'{mark:4}', fg=colour)}  {click.style(one.subject, bold=True)}: {one.message}")
    if one.mend and one.grade is not Grade.OK:
        click.echo(f"      → {one.mend}")
