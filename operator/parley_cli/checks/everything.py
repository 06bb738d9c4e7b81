"""All checks, in the order in which `parley doctor` tells them."""

from __future__ import annotations

import asyncio

from parley_cli.checks.address import address
from parley_cli.checks.certificate import certificate
from parley_cli.checks.credentials import credentials
from parley_cli.checks.deployment import deployment
from parley_cli.checks.ingress import ingress
from parley_cli.checks.installation import installation
from parley_cli.checks.patience import patience
from parley_cli.checks.verdict import Grade, Verdict, warning
from parley_cli.cluster import Cluster
from parley_operator.kube.objects import Json


async def examine(cluster: Cluster, name: str | None, *, with_keys: bool) -> list[Verdict]:
    """The installation, and one VoiceDeployment or all of the namespace; credentials only if asked to."""
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
    serving, cut, routed, (said, held) = await asyncio.gather(
        deployment(cluster, body), patience(cluster, body), ingress(cluster, body), certificate(cluster, body)
    )
    return [*serving, *cut, *routed, *said, *await address(body, held)]
