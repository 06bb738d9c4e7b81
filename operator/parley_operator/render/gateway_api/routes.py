"""The HTTPRoutes: one that serves the protocols' paths, and one that redirects plain HTTP where it can."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parley_operator.api import VoiceDeployment
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.facts import Facts
from parley_operator.render.gateway_api.controllers import route_told
from parley_operator.render.gateway_api.exposure import RouteExposure, route_exposure
from parley_operator.render.gateway_api.parents import Parent
from parley_operator.render.ingress.exposure import HSTS_HEADER, HSTS_VALUE, Exposure
from parley_operator.render.ingress.manifest import extra_object
from parley_operator.render.labels import metadata
from parley_operator.render.names import base_name, child_name
from parley_operator.render.rendered import Manifest

KIND = "HTTPRoute"
_MATCHES = 64
"""Of one rule, at most."""
_SERVICE_PORT = 80
_REDIRECT = {"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}]}
"""To the port of https: a listener's own is often not the one that clients see."""


def routes(resource: VoiceDeployment, facts: Facts, *, share: int = 0) -> list[Manifest]:
    """The routes, then the policies that name them; none where the resource has none or the API is not served.

    `share` is the percentage of new connections that goes to a canary.
    """
    route = route_exposure(resource, facts)
    if route is None or KIND not in facts.apis:
        return []
    name = resource.metadata.name
    manifests = [_route(resource, route, base_name(name), route.parents.serving, list(_serving(route, share)))]
    if route.parents.redirecting:
        redirect = child_name(name, "redirect")
        manifests.append(_route(resource, route, redirect, route.parents.redirecting, [_REDIRECT]))
    return manifests + [extra_object(resource, extra) for extra in route_told(route, facts).words.extras]


def _route(
    resource: VoiceDeployment,
    route: RouteExposure,
    name: str,
    attached: tuple[Parent, ...],
    rules: list[dict[str, Any]],
) -> Manifest:
    return {
        "apiVersion": OPTIONAL[KIND].api_version,
        "kind": KIND,
        "metadata": metadata(resource, name),
        "spec": {"parentRefs": list(attached), "hostnames": list(route.exposed.hosts), "rules": rules},
    }


def _serving(route: RouteExposure, share: int) -> Iterator[dict[str, Any]]:
    """Without a timeout: a call is one request."""
    hsts = {
        "type": "ResponseHeaderModifier",
        "responseHeaderModifier": {"set": [{"name": HSTS_HEADER, "value": HSTS_VALUE}]},
    }
    paths = route.exposed.paths
    for first in range(0, len(paths), _MATCHES):
        yield {
            "matches": [_match(path) for path in paths[first : first + _MATCHES]],
            **({"filters": [hsts]} if route.hsts else {}),
            "timeouts": {"request": "0s"},
            "backendRefs": _backends(route.exposed, share),
        }


def _backends(exposed: Exposure, share: int) -> list[dict[str, Any]]:
    weights = {exposed.name: 100 - share, exposed.canary_name: share} if share else {exposed.name: 1}
    return [
        {"group": "", "kind": "Service", "name": name, "port": _SERVICE_PORT, "weight": weight}
        for name, weight in weights.items()
    ]


def _match(path: str) -> dict[str, Any]:
    return {"path": {"type": "Exact", "value": path}}
