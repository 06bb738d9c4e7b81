"""What the controller of a Gateway is told beyond the route: a dialect for each, as for Ingresses.

The controller is the one that answered in the route's status: nothing is told before. A new one is a file or a
table here and a line in `CONTROLLERS`.
"""

from __future__ import annotations

from parley_operator.render.facts import Facts
from parley_operator.render.gateway_api.envoy import ENVOY_GATEWAY
from parley_operator.render.gateway_api.exposure import RouteExposure
from parley_operator.render.ingress.dialect import Dialect, Told, Topic, Words, by_default, tell, unsaid
from parley_operator.render.ingress.exposure import Exposure
from parley_operator.render.ingress.istio import ISTIO
from parley_operator.render.ingress.kong import KONG
from parley_operator.render.ingress.traefik import TRAEFIK
from parley_operator.render.rendered import Finding


def _timeouts(exposed: Exposure) -> Words:
    return unsaid(
        "Routes have no word for how long connections may be silent: see that the Gateway's controller allows "
        f"{exposed.idle_timeout}s."
    )


def _affinity(_: Exposure) -> Words:
    return unsaid(
        "Routes have no stable word for affinity yet: a client that comes back may reach another pod, unless the "
        "Gateway's controller is told."
    )


def _rate_limit(_: Exposure) -> Words:
    return unsaid(
        "Routes have no word for endpoint.rateLimit: limit rates by a policy of the Gateway's controller."
    )


def _origins(_: Exposure) -> Words:
    return unsaid(
        "Routes have no stable word for CORS yet: pages of other origins may not ask for plain HTTP paths. "
        "Browsers' WebSockets are judged by the gateway."
    )


_ROUTE = {
    **dict.fromkeys(Topic, by_default),
    Topic.TIMEOUTS: _timeouts,
    Topic.AFFINITY: _affinity,
    Topic.RATE_LIMIT: _rate_limit,
    Topic.ORIGINS: _origins,
}
"""What a route says nothing of, whoever reads it."""


def _with(dialect: Dialect, controller: str, *topics: Topic) -> Dialect:
    """A controller that reads Ingresses too, and says these topics of a route in the same way."""
    table = {**_ROUTE, **{topic: dialect.table[topic] for topic in topics}}
    return Dialect(name=dialect.name, controllers=(controller,), class_names=(), table=table)


CONTROLLERS = (
    ENVOY_GATEWAY,
    _with(ISTIO, "istio.io/gateway-controller", Topic.TIMEOUTS, Topic.RELOADS, Topic.AFFINITY),
    _with(KONG, "konghq.com/kic-gateway-controller", Topic.TIMEOUTS, Topic.RELOADS, Topic.AFFINITY),
    _with(TRAEFIK, "traefik.io/gateway-controller", Topic.TIMEOUTS, Topic.RELOADS),
)
OTHER = Dialect(name="the Gateway's controller", controllers=(), class_names=(), table=_ROUTE)


def route_told(route: RouteExposure, facts: Facts) -> Told:
    """What the controllers that answered are told; several parents may have several."""
    words = Words()
    findings: dict[Finding, None] = {}
    for name in sorted(facts.route_controllers):
        dialect = next((one for one in CONTROLLERS if name in one.controllers), OTHER)
        told = tell(dialect, route.exposed, facts.apis)
        words += told.words
        findings |= dict.fromkeys(told.findings)
    return Told(words, tuple(findings))
