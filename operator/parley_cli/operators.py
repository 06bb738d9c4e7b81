"""The operators of a cluster, and what they were started with."""

from __future__ import annotations

import re

from parley_cli.cluster import Cluster
from parley_operator.kube.errors import ForbiddenError
from parley_operator.kube.objects import Json

OPERATOR = "app.kubernetes.io/name=parley,app.kubernetes.io/component=operator"
"""What the chart and the Kustomize base put on it."""
_DEPLOYMENTS = "/apis/apps/v1/deployments"


async def operators_of(cluster: Cluster) -> list[Json] | None:
    """Their Deployments; None where they may not be looked for."""
    try:
        items: list[Json] = (await cluster.client.list(_DEPLOYMENTS, {"labelSelector": OPERATOR}))["items"]
    except ForbiddenError:
        return None
    return items


def serves(operator: Json, namespace: str) -> bool:
    """Whether it works in the namespace: in all of them, unless it names some."""
    named = given(operator, "--namespace")
    return not named or namespace in named


def given(operator: Json, option: str) -> list[str]:
    """Every value of an option on its command line, the one that counts last."""
    containers = operator["spec"]["template"]["spec"]["containers"]
    words = " ".join(
        word for one in containers for word in (*(one.get("command") or ()), *(one.get("args") or ()))
    )
    return re.findall(rf"(?<!\S){option}[= ](\S+)", words)
