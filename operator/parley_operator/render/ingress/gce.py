"""GKE's Ingress: a BackendConfig named on the Service, a FrontendConfig named on the Ingress.

GKE takes its Ingresses by the annotation kubernetes.io/ingress.class alone.
"""

from __future__ import annotations

import json
from typing import Any

from parley_operator.render.container import PORT
from parley_operator.render.ingress.dialect import (
    Dialect,
    Extra,
    Topic,
    Words,
    by_default,
    on_service,
    unsaid,
)
from parley_operator.render.ingress.exposure import HSTS_HEADER, HSTS_VALUE, READINESS_PATH, Exposure

_LONGEST_DRAIN = 3600
_COOKIE_SECONDS = 3600


def _timeouts(exposed: Exposure) -> Words:
    """The timeout of a backend is how long a WebSocket may live, silent or not."""
    named = on_service({"cloud.google.com/backend-config": json.dumps({"default": exposed.name})})
    pods = on_service({"cloud.google.com/neg": json.dumps({"ingress": True})})
    return named + pods + _backend({"timeoutSec": exposed.max_duration})


def _reloads(exposed: Exposure) -> Words:
    """Open connections to a pod that goes are kept for so long."""
    drain = min(exposed.drain, _LONGEST_DRAIN)
    said = _backend({"connectionDraining": {"drainingTimeoutSec": drain}})
    if drain == exposed.drain:
        return said
    return said + unsaid(
        f"Google's load balancer ends sessions of a pod that goes after {_LONGEST_DRAIN}s: set "
        f"rollout.drainTimeout to {_LONGEST_DRAIN}s or less."
    )


def _affinity(_: Exposure) -> Words:
    cookie = {"affinityType": "GENERATED_COOKIE", "affinityCookieTtlSec": _COOKIE_SECONDS}
    return _backend({"sessionAffinity": cookie})


def _health(_: Exposure) -> Words:
    return _backend({"healthCheck": {"type": "HTTP", "requestPath": READINESS_PATH, "port": PORT}})


def _tls_version(_: Exposure) -> Words:
    return unsaid(
        "Google's load balancer takes TLS versions from an SSL policy of the project alone: make one with "
        "--min-tls-version 1.2 and name it as sslPolicy of a FrontendConfig of your own, which the annotation "
        "networking.gke.io/v1beta1.FrontendConfig in endpoint.ingress.annotations names."
    )


def _redirect(exposed: Exposure) -> Words:
    redirect = {"enabled": True, "responseCodeName": "MOVED_PERMANENTLY_DEFAULT"}
    frontend = Extra("FrontendConfig", "", {"spec": {"redirectToHttps": redirect}})
    return Words(ingress={"networking.gke.io/v1beta1.FrontendConfig": exposed.name}, extras=(frontend,))


def _hsts(_: Exposure) -> Words:
    return _backend({"customResponseHeaders": {"headers": [f"{HSTS_HEADER}: {HSTS_VALUE}"]}})


def _rate_limit(_: Exposure) -> Words:
    return unsaid(
        "Google's load balancer limits rates by Cloud Armor alone: make a security policy with a throttle rule "
        "and set it on the backend service."
    )


def _origins(_: Exposure) -> Words:
    return unsaid(
        "Google's load balancer does not answer for CORS: pages of other origins may not ask for plain HTTP "
        "paths. Browsers' WebSockets are judged by the gateway."
    )


def _backend(spec: dict[str, Any]) -> Words:
    return Words(extras=(Extra("BackendConfig", "", {"spec": spec}),))


GCE = Dialect(
    name="GKE's Ingress",
    controllers=(),
    class_names=("gce", "gce-internal"),
    table={
        Topic.TIMEOUTS: _timeouts,
        Topic.RELOADS: _reloads,
        Topic.AFFINITY: _affinity,
        Topic.HEALTH: _health,
        Topic.BODY_SIZE: by_default,  # it keeps no body; the gateway bounds what it reads
        Topic.CERTIFICATE: by_default,
        Topic.TLS_VERSION: _tls_version,
        Topic.REDIRECT: _redirect,
        Topic.HSTS: _hsts,
        Topic.NO_HSTS: by_default,
        Topic.RATE_LIMIT: _rate_limit,
        Topic.ORIGINS: _origins,
    },
)
