"""Envoy Gateway: a BackendTrafficPolicy on the route. Its defaults cut calls after 15 s or 5 min."""

from __future__ import annotations

from typing import Any

from parley_operator.api.endpoint import GATEWAY_GROUP
from parley_operator.render.ingress.dialect import Dialect, Extra, Topic, Words, by_default, unsaid
from parley_operator.render.ingress.exposure import AFFINITY_COOKIE, Exposure

_LONGEST = 99_999
"""Seconds, since a duration of the Gateway API has five digits."""
_ANYBODY = ("0.0.0.0/0", "::/0")


def _timeouts(exposed: Exposure) -> Words:
    timeouts = {"requestTimeout": "0s", "streamIdleTimeout": f"{min(exposed.idle_timeout, _LONGEST)}s"}
    return _policy(exposed, {"timeout": {"http": timeouts}})


def _reloads(exposed: Exposure) -> Words:
    return unsaid(
        "Envoy Gateway ends calls when a pod of it restarts: set shutdown.drainTimeout of its EnvoyProxy up to "
        f"{exposed.max_duration}s."
    )


def _affinity(exposed: Exposure) -> Words:
    """A cookie without an age, which browsers keep for their session."""
    cookie = {"type": "Cookie", "cookie": {"name": AFFINITY_COOKIE, "ttl": "0s"}}
    return _policy(exposed, {"loadBalancer": {"type": "ConsistentHash", "consistentHash": cookie}})


def _rate_limit(exposed: Exposure) -> Words:
    """Each Envoy counts by itself. Its bucket holds what a second brings and knows no burst beyond."""
    limit = exposed.rate_limit
    if limit is None:
        return Words()
    rules = [
        {
            "clientSelectors": [{"sourceCIDR": {"type": "Distinct", "value": addresses}}],
            "limit": {"requests": limit.connections_per_second, "unit": "Second"},
        }
        for addresses in _ANYBODY
    ]
    return _policy(exposed, {"rateLimit": {"type": "Local", "local": {"rules": rules}}})


def _origins(_: Exposure) -> Words:
    return unsaid(
        "Envoy Gateway answers for CORS by a SecurityPolicy: make one with cors where pages ask for plain HTTP "
        "paths. Browsers' WebSockets are judged by the gateway."
    )


def _policy(exposed: Exposure, spec: dict[str, Any]) -> Words:
    target = {"group": GATEWAY_GROUP, "kind": "HTTPRoute", "name": exposed.name}
    return Words(extras=(Extra("BackendTrafficPolicy", "", {"spec": {"targetRefs": [target], **spec}}),))


ENVOY_GATEWAY = Dialect(
    name="Envoy Gateway",
    controllers=("gateway.envoyproxy.io/gatewayclass-controller",),
    class_names=(),
    table={
        **dict.fromkeys(Topic, by_default),  # TLS is the Gateway's, redirect and HSTS are the routes'
        Topic.TIMEOUTS: _timeouts,
        Topic.RELOADS: _reloads,
        Topic.AFFINITY: _affinity,
        Topic.RATE_LIMIT: _rate_limit,
        Topic.ORIGINS: _origins,
    },
)
