"""haproxy-ingress, by jcmoraisjr (not HAProxy Technologies')."""

from __future__ import annotations

from parley_operator.render.ingress.dialect import Dialect, Topic, Words, by_default, on_ingress, unsaid
from parley_operator.render.ingress.exposure import (
    AFFINITY_COOKIE,
    BODY_KIBIBYTES,
    CORS_HEADERS,
    CORS_METHODS,
    HSTS_SECONDS,
    Exposure,
)
from parley_operator.render.ingress.origins import pattern

_PREFIX = "haproxy-ingress.github.io"


def _timeouts(exposed: Exposure) -> Words:
    """After the upgrade the tunnel's timeout alone applies."""
    timeout = f"{exposed.idle_timeout}s"
    return on_ingress({f"{_PREFIX}/timeout-tunnel": timeout, f"{_PREFIX}/timeout-server": timeout})


def _reloads(exposed: Exposure) -> Words:
    return unsaid(
        "haproxy-ingress cuts open sockets some time after each reload of its configuration, 10m by default: set "
        f"timeout-stop in its ConfigMap to at least {exposed.max_duration}s."
    )


def _affinity(_: Exposure) -> Words:
    return on_ingress({f"{_PREFIX}/affinity": "cookie", f"{_PREFIX}/session-cookie-name": AFFINITY_COOKIE})


def _body_size(_: Exposure) -> Words:
    return on_ingress({f"{_PREFIX}/proxy-body-size": f"{BODY_KIBIBYTES}k"})


def _redirect(_: Exposure) -> Words:
    code = "haproxy-ingress redirects to HTTPS with 302: set ssl-redirect-code in its ConfigMap to 301."
    return on_ingress({f"{_PREFIX}/ssl-redirect": "true"}) + unsaid(code)


def _hsts(_: Exposure) -> Words:
    return on_ingress({f"{_PREFIX}/hsts": "true", f"{_PREFIX}/hsts-max-age": str(HSTS_SECONDS)})


def _no_hsts(_: Exposure) -> Words:
    """By itself it sends HSTS of half a year."""
    return on_ingress({f"{_PREFIX}/hsts": "false"})


def _rate_limit(exposed: Exposure) -> Words:
    """It counts in a window of a second and knows no burst beyond."""
    limit = exposed.rate_limit
    return on_ingress({f"{_PREFIX}/limit-rps": str(limit.connections_per_second)}) if limit else Words()


def _origins(exposed: Exposure) -> Words:
    return on_ingress(
        {
            f"{_PREFIX}/cors-enable": "true",
            f"{_PREFIX}/cors-allow-origin-regex": " ".join(pattern(origin) for origin in exposed.origins),
            f"{_PREFIX}/cors-allow-methods": ", ".join(CORS_METHODS),
            f"{_PREFIX}/cors-allow-headers": ",".join(CORS_HEADERS),
        }
    )


HAPROXY_INGRESS = Dialect(
    name="haproxy-ingress",
    controllers=("haproxy-ingress.github.io/controller",),
    class_names=("haproxy-ingress",),
    table={
        Topic.TIMEOUTS: _timeouts,
        Topic.RELOADS: _reloads,
        Topic.AFFINITY: _affinity,
        Topic.HEALTH: by_default,  # it follows the pods' readiness
        Topic.BODY_SIZE: _body_size,
        Topic.CERTIFICATE: by_default,
        Topic.TLS_VERSION: by_default,  # ssl-options: no-tlsv10 no-tlsv11
        Topic.REDIRECT: _redirect,
        Topic.HSTS: _hsts,
        Topic.NO_HSTS: _no_hsts,
        Topic.RATE_LIMIT: _rate_limit,
        Topic.ORIGINS: _origins,
    },
)
