"""Kong: timeouts on the Service, in milliseconds; affinity by a KongUpstreamPolicy; all else by plugins."""

from __future__ import annotations

from typing import Any

from parley_operator.render.ingress.dialect import (
    Dialect,
    Extra,
    Topic,
    Words,
    by_default,
    on_ingress,
    on_service,
    unsaid,
)
from parley_operator.render.ingress.exposure import (
    AFFINITY_COOKIE,
    BODY_KIBIBYTES,
    CORS_HEADERS,
    CORS_METHODS,
    HSTS_HEADER,
    HSTS_VALUE,
    Exposure,
)
from parley_operator.render.ingress.origins import exact, patterns

_PREFIX = "konghq.com"


def _timeouts(exposed: Exposure) -> Words:
    """Both are between two frames in one direction: the gateway's pings keep them from ending."""
    timeout = str(exposed.idle_timeout * 1000)
    return on_service({f"{_PREFIX}/read-timeout": timeout, f"{_PREFIX}/write-timeout": timeout})


def _reloads(exposed: Exposure) -> Words:
    return unsaid(
        "Kong ends calls when it restarts: set terminationGracePeriodSeconds of its pods, and the --timeout of "
        f"`kong quit` before it, up to {exposed.max_duration}s."
    )


def _affinity(exposed: Exposure) -> Words:
    policy = {"algorithm": "consistent-hashing", "hashOn": {"cookie": AFFINITY_COOKIE, "cookiePath": "/"}}
    extra = Extra("KongUpstreamPolicy", "", {"spec": policy})
    return Words(service={f"{_PREFIX}/upstream-policy": exposed.name}, extras=(extra,))


def _body_size(exposed: Exposure) -> Words:
    config = {"allowed_payload_size": BODY_KIBIBYTES, "size_unit": "kilobytes"}
    return _plugin(exposed, "body", "request-size-limiting", config)


def _redirect(_: Exposure) -> Words:
    return on_ingress({f"{_PREFIX}/protocols": "https", f"{_PREFIX}/https-redirect-status-code": "301"})


def _hsts(exposed: Exposure) -> Words:
    config = {"add": {"headers": [f"{HSTS_HEADER}:{HSTS_VALUE}"]}}
    return _plugin(exposed, "hsts", "response-transformer", config)


def _rate_limit(exposed: Exposure) -> Words:
    """It counts in windows of a second; a burst is what a longer window may hold at once."""
    limit = exposed.rate_limit
    if limit is None:
        return Words()
    config = {"second": limit.burst or limit.connections_per_second, "limit_by": "ip", "policy": "local"}
    if limit.burst and limit.burst > limit.connections_per_second:
        config["minute"] = limit.connections_per_second * 60
    return _plugin(exposed, "rate", "rate-limiting", config)


def _origins(exposed: Exposure) -> Words:
    config = {
        "origins": [*exact(exposed.origins), *patterns(exposed.origins)],
        "methods": list(CORS_METHODS),
        "headers": list(CORS_HEADERS),
    }
    return _plugin(exposed, "cors", "cors", config)


def _plugin(exposed: Exposure, suffix: str, plugin: str, config: dict[str, Any]) -> Words:
    extra = Extra("KongPlugin", suffix, {"plugin": plugin, "config": config})
    return Words(ingress={f"{_PREFIX}/plugins": f"{exposed.name}-{suffix}"}, extras=(extra,))


KONG = Dialect(
    name="Kong",
    controllers=("ingress-controllers.konghq.com/kong",),
    class_names=("kong",),
    table={
        Topic.TIMEOUTS: _timeouts,
        Topic.RELOADS: _reloads,
        Topic.AFFINITY: _affinity,
        Topic.HEALTH: by_default,  # it follows the pods' readiness
        Topic.BODY_SIZE: _body_size,
        Topic.CERTIFICATE: by_default,
        Topic.TLS_VERSION: by_default,  # ssl_cipher_suite: intermediate, which begins with TLS 1.2
        Topic.REDIRECT: _redirect,
        Topic.HSTS: _hsts,
        Topic.NO_HSTS: by_default,
        Topic.RATE_LIMIT: _rate_limit,
        Topic.ORIGINS: _origins,
    },
)
