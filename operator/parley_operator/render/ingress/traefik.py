"""Traefik: timeouts on its entry points, affinity on the Service, all else by Middleware objects."""

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
    CORS_HEADERS,
    CORS_METHODS,
    HSTS_SECONDS,
    Exposure,
)
from parley_operator.render.ingress.origins import exact, patterns

_PREFIX = "traefik.ingress.kubernetes.io"
_KIND = "Middleware"
_PLAIN_ENTRY_POINT = "web"
"""What Traefik's chart calls the entry point for plain HTTP."""


def _timeouts(exposed: Exposure) -> Words:
    return unsaid(
        "Traefik takes timeouts from its entry points alone: set entryPoints.NAME.transport.respondingTimeouts "
        f"readTimeout and writeTimeout to 0s or at least {exposed.max_duration}s."
    )


def _reloads(exposed: Exposure) -> Words:
    return unsaid(
        "Traefik ends calls when it restarts itself: set entryPoints.NAME.transport.lifeCycle.graceTimeOut to as "
        f"long as they may last, up to {exposed.max_duration}s."
    )


def _affinity(exposed: Exposure) -> Words:
    cookie = f"{_PREFIX}/service.sticky.cookie"
    return on_service(
        {
            cookie: "true",
            f"{cookie}.name": AFFINITY_COOKIE,
            f"{cookie}.httponly": "true",
            f"{cookie}.secure": "true" if exposed.tls_secret else "false",
        }
    )


def _certificate(_: Exposure) -> Words:
    """Without router.tls, Traefik takes the certificate but serves the route in the clear."""
    return on_ingress({f"{_PREFIX}/router.tls": "true"})


def _redirect(exposed: Exposure) -> Words:
    """A router with TLS takes no plain request, so a second Ingress does. GET is answered with 301."""
    scheme = _middleware(exposed, "redirect", {"redirectScheme": {"scheme": "https", "permanent": True}})
    return Words(
        extras=scheme.extras,
        redirect={**scheme.ingress, f"{_PREFIX}/router.entrypoints": _PLAIN_ENTRY_POINT},
    )


def _hsts(exposed: Exposure) -> Words:
    return _middleware(exposed, "hsts", {"headers": {"stsSeconds": HSTS_SECONDS}})


def _rate_limit(exposed: Exposure) -> Words:
    limit = exposed.rate_limit
    if limit is None:
        return Words()
    rate = limit.connections_per_second
    return _middleware(exposed, "rate", {"rateLimit": {"average": rate, "burst": limit.burst or rate}})


def _origins(exposed: Exposure) -> Words:
    lists = {
        "accessControlAllowOriginList": exact(exposed.origins),
        "accessControlAllowOriginListRegex": patterns(exposed.origins),
    }
    headers = {
        **{name: found for name, found in lists.items() if found},
        "accessControlAllowMethods": list(CORS_METHODS),
        "accessControlAllowHeaders": list(CORS_HEADERS),
        "addVaryHeader": True,
    }
    return _middleware(exposed, "cors", {"headers": headers})


def _middleware(exposed: Exposure, suffix: str, spec: dict[str, Any]) -> Words:
    """The object, and its name as the annotation has it: with its namespace and the provider that reads it."""
    name = f"{exposed.namespace}-{exposed.name}-{suffix}@kubernetescrd"
    annotation = {f"{_PREFIX}/router.middlewares": name}
    return Words(ingress=annotation, extras=(Extra(_KIND, suffix, {"spec": spec}),))


TRAEFIK = Dialect(
    name="Traefik",
    controllers=("traefik.io/ingress-controller",),
    class_names=("traefik",),
    table={
        Topic.TIMEOUTS: _timeouts,
        Topic.RELOADS: _reloads,
        Topic.AFFINITY: _affinity,
        Topic.HEALTH: by_default,  # it follows the pods' readiness
        Topic.BODY_SIZE: by_default,  # its Buffering would hold back WebSockets; the gateway bounds what it reads
        Topic.CERTIFICATE: _certificate,
        Topic.TLS_VERSION: by_default,  # minVersion VersionTLS12
        Topic.REDIRECT: _redirect,
        Topic.HSTS: _hsts,
        Topic.NO_HSTS: by_default,
        Topic.RATE_LIMIT: _rate_limit,
        Topic.ORIGINS: _origins,
    },
)
