"""HAProxy Technologies' Kubernetes Ingress Controller (not haproxy-ingress)."""

from __future__ import annotations

from parley_operator.render.ingress.dialect import (
    Dialect,
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
    HSTS_HEADER,
    HSTS_VALUE,
    Exposure,
)
from parley_operator.render.ingress.origins import pattern

_PREFIX = "haproxy.org"


def _timeouts(exposed: Exposure) -> Words:
    """After the upgrade the tunnel's timeout alone applies."""
    return on_service({f"{_PREFIX}/timeout-server": f"{exposed.idle_timeout}s"}) + unsaid(
        "HAProxy takes the timeout of silent WebSockets from its ConfigMap alone, 1h by default: keep "
        f"timeout-tunnel there at {exposed.idle_timeout}s or more."
    )


def _reloads(exposed: Exposure) -> Words:
    return unsaid(
        "HAProxy cuts open sockets some time after each reload of its configuration, 30m by default: set "
        f"hard-stop-after in its ConfigMap to at least {exposed.max_duration}s."
    )


def _affinity(_: Exposure) -> Words:
    return on_service({f"{_PREFIX}/cookie-persistence": AFFINITY_COOKIE})


def _tls_version(_: Exposure) -> Words:
    return unsaid(
        "HAProxy takes TLS versions from its ConfigMap alone: set global-config-snippet there to "
        "ssl-default-bind-options ssl-min-ver TLSv1.2."
    )


def _redirect(_: Exposure) -> Words:
    return on_ingress(
        {
            f"{_PREFIX}/ssl-redirect": "true",
            f"{_PREFIX}/ssl-redirect-code": "301",
            f"{_PREFIX}/ssl-redirect-port": "443",
        }
    )


def _hsts(_: Exposure) -> Words:
    return on_ingress({f"{_PREFIX}/response-set-header": f'{HSTS_HEADER} "{HSTS_VALUE}"'})


def _rate_limit(exposed: Exposure) -> Words:
    """It counts in a window of a second; a burst is a longer window with as many in all."""
    limit = exposed.rate_limit
    if limit is None:
        return Words()
    burst = limit.burst or limit.connections_per_second
    return on_ingress(
        {
            f"{_PREFIX}/rate-limit-requests": str(burst),
            f"{_PREFIX}/rate-limit-period": f"{max(1, round(burst / limit.connections_per_second))}s",
            f"{_PREFIX}/rate-limit-status-code": "429",
        }
    )


def _origins(exposed: Exposure) -> Words:
    """One expression for all."""
    any_of = "|".join(pattern(origin) for origin in exposed.origins)
    return on_ingress(
        {
            f"{_PREFIX}/cors-enable": "true",
            f"{_PREFIX}/cors-allow-origin": any_of,
            f"{_PREFIX}/cors-allow-methods": ",".join(CORS_METHODS),
            f"{_PREFIX}/cors-allow-headers": ",".join(CORS_HEADERS),
        }
    )


HAPROXY = Dialect(
    name="HAProxy",
    controllers=("haproxy.org/ingress-controller/haproxy", "haproxy.org/ingress-controller"),
    class_names=("haproxy",),
    table={
        Topic.TIMEOUTS: _timeouts,
        Topic.RELOADS: _reloads,
        Topic.AFFINITY: _affinity,
        Topic.HEALTH: by_default,  # it follows the pods' readiness
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
