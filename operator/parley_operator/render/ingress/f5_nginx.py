"""F5 NGINX Ingress Controller (not the Kubernetes project's)."""

from __future__ import annotations

from parley_operator.render.ingress.dialect import Dialect, Topic, Words, by_default, on_ingress, unsaid
from parley_operator.render.ingress.exposure import AFFINITY_COOKIE, BODY_KIBIBYTES, HSTS_SECONDS, Exposure

_PREFIX = "nginx.org"


def _timeouts(exposed: Exposure) -> Words:
    """Without `websocket-services` it does not let the upgrade through."""
    timeout = f"{exposed.idle_timeout}s"
    return on_ingress(
        {
            f"{_PREFIX}/websocket-services": exposed.name,
            f"{_PREFIX}/proxy-read-timeout": timeout,
            f"{_PREFIX}/proxy-send-timeout": timeout,
        }
    )


def _reloads(exposed: Exposure) -> Words:
    return unsaid(
        "F5 NGINX keeps open sockets after a reload for worker-shutdown-timeout of its ConfigMap: leave it unset, "
        f"or at least {exposed.max_duration}s."
    )


def _affinity(exposed: Exposure) -> Words:
    """Older releases take it with NGINX Plus only, and ignore it without."""
    cookie = f"serviceName={exposed.name} {AFFINITY_COOKIE} expires=1h path=/"
    return on_ingress({f"{_PREFIX}/sticky-cookie-services": cookie})


def _body_size(_: Exposure) -> Words:
    return on_ingress({f"{_PREFIX}/client-max-body-size": f"{BODY_KIBIBYTES}k"})


def _tls_version(_: Exposure) -> Words:
    return unsaid(
        "F5 NGINX takes TLS versions from its ConfigMap alone: set ssl-protocols to TLSv1.2 TLSv1.3, which only "
        "recent releases do by themselves."
    )


def _redirect(_: Exposure) -> Words:
    return on_ingress({"ingress.kubernetes.io/ssl-redirect": "true", f"{_PREFIX}/http-redirect-code": "301"})


def _hsts(_: Exposure) -> Words:
    return on_ingress(
        {
            f"{_PREFIX}/hsts": "true",
            f"{_PREFIX}/hsts-max-age": str(HSTS_SECONDS),
            f"{_PREFIX}/hsts-include-subdomains": "false",
        }
    )


def _rate_limit(exposed: Exposure) -> Words:
    limit = exposed.rate_limit
    if limit is None:
        return Words()
    burst = limit.burst or limit.connections_per_second
    return on_ingress(
        {
            f"{_PREFIX}/limit-req-rate": f"{limit.connections_per_second}r/s",
            f"{_PREFIX}/limit-req-key": "${binary_remote_addr}",
            f"{_PREFIX}/limit-req-zone-size": "10m",
            f"{_PREFIX}/limit-req-burst": str(burst),
            f"{_PREFIX}/limit-req-no-delay": "true",
            f"{_PREFIX}/limit-req-reject-code": "429",
        }
    )


def _origins(_: Exposure) -> Words:
    return unsaid(
        "F5 NGINX takes CORS from a Policy alone: make one with cors and name it by the annotation "
        "nginx.org/policies in endpoint.ingress.annotations. Browsers' WebSockets are judged by the gateway."
    )


F5_NGINX = Dialect(
    name="F5 NGINX",
    controllers=("nginx.org/ingress-controller",),
    class_names=("nginx-f5", "nginx-plus"),
    table={
        Topic.TIMEOUTS: _timeouts,
        Topic.RELOADS: _reloads,
        Topic.AFFINITY: _affinity,
        Topic.HEALTH: by_default,  # it follows the pods' readiness
        Topic.BODY_SIZE: _body_size,
        Topic.CERTIFICATE: by_default,
        Topic.TLS_VERSION: _tls_version,
        Topic.REDIRECT: _redirect,
        Topic.HSTS: _hsts,
        Topic.NO_HSTS: by_default,
        Topic.RATE_LIMIT: _rate_limit,
        Topic.ORIGINS: _origins,
    },
)
