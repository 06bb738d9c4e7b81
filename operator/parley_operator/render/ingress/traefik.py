"""Traefik: affinity on the Service, all else by Middleware objects; its timeouts do not touch WebSockets."""

from __future__ import annotations

from typing import Any

from parley_operator.api.endpoint import CLASS_ANNOTATION
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
from parley_operator.render.track import CANARY

_PREFIX = "traefik.ingress.kubernetes.io"
_KIND = "Middleware"
_PLAIN_ENTRY_POINT = "web"
"""What Traefik's chart calls the entry point for plain HTTP."""
_FIRST = 1_000_000
"""Above every router of an Ingress, whose priority is the length of its rule."""


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


def _canary(exposed: Exposure, share: int) -> Words:
    """By a route of Traefik's own kind that goes before the Ingress, which has no word for weights."""
    own = sorted(name for name in exposed.annotations if name.startswith(f"{_PREFIX}/router."))
    if own:
        return unsaid(f"Traefik cannot share connections of a router with settings of your own ({own[0]})")
    weights = {exposed.name: 100 - share, exposed.canary_name: share}
    suffixes = (("hsts", exposed.hsts), ("rate", exposed.rate_limit), ("cors", exposed.origins))
    route = {
        "kind": "Rule",
        "match": _match(exposed),
        "priority": _FIRST,
        "middlewares": [{"name": f"{exposed.name}-{suffix}"} for suffix, wanted in suffixes if wanted],
        "services": [_weighted(exposed, name, weight) for name, weight in weights.items()],
    }
    tls = {"tls": {"secretName": exposed.tls_secret}} if exposed.tls_secret else {}
    annotations = {CLASS_ANNOTATION: exposed.class_name} if exposed.class_name else {}
    return Words(extras=(Extra("IngressRoute", CANARY.suffix, {"spec": {"routes": [route], **tls}}, annotations),))


def _match(exposed: Exposure) -> str:
    hosts = " || ".join(f"Host(`{host}`)" for host in exposed.hosts)
    paths = " || ".join(f"Path(`{path}`)" for path in exposed.paths)
    return f"({hosts}) && ({paths})"


def _weighted(exposed: Exposure, name: str, weight: int) -> dict[str, Any]:
    cookie = {"name": AFFINITY_COOKIE, "httpOnly": True, "secure": exposed.tls_secret is not None}
    return {"name": name, "port": "http", "weight": weight, "sticky": {"cookie": cookie}}


TRAEFIK = Dialect(
    name="Traefik",
    controllers=("traefik.io/ingress-controller",),
    class_names=("traefik",),
    table={
        Topic.TIMEOUTS: by_default,  # those of its entry points end with the upgrade to a WebSocket
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
    canary=_canary,
)
