"""What is wrong or not as asked with routes and the Gateways they attach to, apart from what their status says."""

from __future__ import annotations

from collections.abc import Iterator

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.facts import Facts
from parley_operator.render.gateway_api.controllers import route_told
from parley_operator.render.gateway_api.exposure import route_exposure
from parley_operator.render.gateway_api.parents import gateway_id
from parley_operator.render.ingress.advice import unacknowledged
from parley_operator.render.rendered import Finding


def gateway_api(resource: VoiceDeployment, facts: Facts) -> Iterator[Finding]:
    """The API is served, the Gateways are there, and their controllers take what the connection needs."""
    endpoint = resource.spec.endpoint
    if endpoint is None or endpoint.gateway is None:
        return
    if "HTTPRoute" not in facts.apis:
        message = (
            f"the cluster does not serve HTTPRoute ({OPTIONAL['HTTPRoute'].api_version}): install the Gateway "
            "API, or use endpoint.ingress"
        )
        yield Finding(ConditionType.ENDPOINT_READY, Reason.GATEWAY_API_NOT_SERVED, message)
        return
    for index, parent in enumerate(endpoint.gateway.parent_refs):
        at = gateway_id(parent, namespace=resource.metadata.namespace)
        if at is not None and at in facts.gateways and facts.gateways[at] is None:
            place = f"endpoint.gateway.parentRefs[{index}]"
            message = f"there is no Gateway {at[1]} in namespace {at[0]}: {place} needs it"
            yield Finding(ConditionType.ENDPOINT_READY, Reason.GATEWAY_NOT_FOUND, message)
    route = route_exposure(resource, facts)
    if route is not None:
        yield from unacknowledged(resource, route_told(route, facts).findings)
