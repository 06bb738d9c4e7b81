"""The variables of the gateway's container: the user's, the proxy, and the file of trusted certificates."""

from __future__ import annotations

from typing import Any

from parley_operator.api import VoiceDeployment
from parley_operator.api.proxy import ProxySpec
from parley_operator.render.destinations import named_hosts
from parley_operator.render.paths import TRUST_DIRECTORY, TRUST_NAME
from parley_operator.render.said import said

DIRECT = ("localhost", "127.0.0.1", "::1", ".svc", ".cluster.local")
"""Never reached through a proxy."""


def environment(resource: VoiceDeployment) -> list[dict[str, Any]]:
    """All of them. The API refuses a variable of the user's that would take another's place."""
    pod = resource.spec.pod
    if pod is None:
        return []
    variables = [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in pod.env or ()]
    if pod.proxy:
        variables += _proxy(resource, pod.proxy)
    if pod.trust_bundle:
        variables.append({"name": "SSL_CERT_FILE", "value": f"{TRUST_DIRECTORY}/{TRUST_NAME}"})
    return variables


def _proxy(resource: VoiceDeployment, proxy: ProxySpec) -> list[dict[str, str]]:
    """Each under both of its names: libraries read one or the other."""
    # A name without a dot can only be a Service of the same namespace, which no proxy knows.
    services = sorted({host for host in named_hosts(resource) if "." not in host and ":" not in host})
    direct = ",".join(dict.fromkeys([*DIRECT, *services, *(proxy.no_proxy or ())]))
    values = said(HTTP_PROXY=proxy.http_proxy, HTTPS_PROXY=proxy.https_proxy, NO_PROXY=direct)
    return [{"name": name, "value": value} for upper, value in values.items() for name in (upper, upper.lower())]
