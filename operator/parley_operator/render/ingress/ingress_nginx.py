"""ingress-nginx, the Kubernetes project's controller (not F5's)."""

from __future__ import annotations

import math

from parley_operator.render.ingress.dialect import Dialect, Topic, Words, by_default, on_ingress, unsaid
from parley_operator.render.ingress.exposure import (
    AFFINITY_COOKIE,
    BODY_KIBIBYTES,
    CORS_HEADERS,
    CORS_METHODS,
    HSTS_SECONDS,
    Exposure,
)

_PREFIX = "nginx.ingress.kubernetes.io"


def _timeouts(exposed: Exposure) -> Words:
    """Both are between two frames in one direction: the gateway's pings keep them from ending."""
    timeout = str(exposed.idle_timeout)
    return on_ingress({f"{_PREFIX}/proxy-read-timeout": timeout, f"{_PREFIX}/proxy-send-timeout": timeout})


def _reloads(exposed: Exposure) -> Words:
    return unsaid(
        "ingress-nginx cuts open sockets some time after each reload of its configuration, 240s by default: set "
        f"worker-shutdown-timeout in its ConfigMap to at least {exposed.max_duration}s."
    )


def _affinity(_: Exposure) -> Words:
    return on_ingress({f"{_PREFIX}/affinity": "cookie", f"{_PREFIX}/session-cookie-name": AFFINITY_COOKIE})


def _body_size(_: Exposure) -> Words:
    return on_ingress({f"{_PREFIX}/proxy-body-size": f"{BODY_KIBIBYTES}k"})


def _redirect(_: Exposure) -> Words:
    code = "ingress-nginx redirects to HTTPS with 308: set http-redirect-code in its ConfigMap to 301."
    return on_ingress({f"{_PREFIX}/ssl-redirect": "true"}) + unsaid(code)


def _hsts(_: Exposure) -> Words:
    return unsaid(
        "ingress-nginx takes HSTS from its ConfigMap alone, where hsts is true by default: keep it, with "
        f"hsts-max-age at {HSTS_SECONDS}."
    )


def _no_hsts(_: Exposure) -> Words:
    return unsaid(
        "ingress-nginx sends HSTS by itself, also with a certificate that browsers do not trust: set hsts in its "
        "ConfigMap to false."
    )


def _rate_limit(exposed: Exposure) -> Words:
    """Its burst is a multiple of the rate."""
    limit = exposed.rate_limit
    if limit is None:
        return Words()
    rate = limit.connections_per_second
    times = math.ceil((limit.burst or rate) / rate)
    return on_ingress({f"{_PREFIX}/limit-rps": str(rate), f"{_PREFIX}/limit-burst-multiplier": str(times)})


def _origins(exposed: Exposure) -> Words:
    return on_ingress(
        {
            f"{_PREFIX}/enable-cors": "true",
            f"{_PREFIX}/cors-allow-origin": ",".join(exposed.origins),
            f"{_PREFIX}/cors-allow-methods": ", ".join(CORS_METHODS),
            f"{_PREFIX}/cors-allow-headers": ",".join(CORS_HEADERS),
        }
    )


def _canary(exposed: Exposure, share: int) -> Words:
    """By a second Ingress of the same hosts and paths, which takes all but affinity from the first."""
    annotations = {f"{_PREFIX}/canary": "true", f"{_PREFIX}/canary-weight": str(share)}
    return Words(canary={**annotations, **_affinity(exposed).ingress})


INGRESS_NGINX = Dialect(
    name="ingress-nginx",
    controllers=("k8s.io/ingress-nginx",),
    class_names=("nginx", "ingress-nginx"),
    table={
        Topic.TIMEOUTS: _timeouts,
        Topic.RELOADS: _reloads,
        Topic.AFFINITY: _affinity,
        Topic.HEALTH: by_default,  # it follows the pods' readiness
        Topic.BODY_SIZE: _body_size,
        Topic.CERTIFICATE: by_default,
        Topic.TLS_VERSION: by_default,  # ssl-protocols: TLSv1.2 TLSv1.3
        Topic.REDIRECT: _redirect,
        Topic.HSTS: _hsts,
        Topic.NO_HSTS: _no_hsts,
        Topic.RATE_LIMIT: _rate_limit,
        Topic.ORIGINS: _origins,
    },
    canary=_canary,
)
