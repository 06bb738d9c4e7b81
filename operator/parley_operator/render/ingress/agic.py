"""AGIC, Azure's Application Gateway Ingress Controller."""

from __future__ import annotations

from parley_operator.render.ingress.dialect import Dialect, Topic, Words, by_default, on_ingress, unsaid
from parley_operator.render.ingress.exposure import HSTS_HEADER, HSTS_VALUE, READINESS_PATH, Exposure

_PREFIX = "appgw.ingress.kubernetes.io"
_LONGEST_DRAIN = 3600
_LONGEST_TIMEOUT = 86_400


def _timeouts(exposed: Exposure) -> Words:
    """How long the pod may be silent."""
    return on_ingress({f"{_PREFIX}/request-timeout": str(min(exposed.idle_timeout, _LONGEST_TIMEOUT))})


def _reloads(exposed: Exposure) -> Words:
    """Open connections to a pod that goes are kept for so long."""
    drain = min(exposed.drain, _LONGEST_DRAIN)
    said = on_ingress(
        {f"{_PREFIX}/connection-draining": "true", f"{_PREFIX}/connection-draining-timeout": str(drain)}
    )
    if drain == exposed.drain:
        return said
    return said + unsaid(
        f"Application Gateway ends sessions of a pod that goes after {_LONGEST_DRAIN}s: set "
        f"rollout.drainTimeout to {_LONGEST_DRAIN}s or less."
    )


def _affinity(_: Exposure) -> Words:
    return on_ingress({f"{_PREFIX}/cookie-based-affinity": "true"})


def _health(_: Exposure) -> Words:
    return on_ingress({f"{_PREFIX}/health-probe-path": READINESS_PATH})


def _tls_version(_: Exposure) -> Words:
    return unsaid(
        "Application Gateway takes TLS versions from its SSL policy alone: choose AppGwSslPolicy20220101 or later "
        "there, or name a profile by the annotation appgw.ingress.kubernetes.io/appgw-ssl-profile in "
        "endpoint.ingress.annotations."
    )


def _redirect(_: Exposure) -> Words:
    """With 301."""
    return on_ingress({f"{_PREFIX}/ssl-redirect": "true"})


def _hsts(_: Exposure) -> Words:
    return unsaid(
        "Application Gateway sets headers by rewrite rules alone: make a set that adds "
        f"{HSTS_HEADER}: {HSTS_VALUE} and name it by the annotation "
        "appgw.ingress.kubernetes.io/rewrite-rule-set in endpoint.ingress.annotations."
    )


def _rate_limit(_: Exposure) -> Words:
    return unsaid(
        "Application Gateway limits rates by its firewall alone: make a WAF policy with a rate limit rule and "
        "name it by the annotation appgw.ingress.kubernetes.io/waf-policy-for-path in "
        "endpoint.ingress.annotations."
    )


def _origins(_: Exposure) -> Words:
    return unsaid(
        "Application Gateway answers for CORS by rewrite rules alone, where pages ask for plain HTTP paths. "
        "Browsers' WebSockets are judged by the gateway."
    )


AGIC = Dialect(
    name="AGIC",
    controllers=("azure/application-gateway",),
    class_names=("azure-application-gateway", "azure/application-gateway"),
    table={
        Topic.TIMEOUTS: _timeouts,
        Topic.RELOADS: _reloads,
        Topic.AFFINITY: _affinity,
        Topic.HEALTH: _health,
        Topic.BODY_SIZE: by_default,  # its firewall bounds bodies where it is on; the gateway bounds what it reads
        Topic.CERTIFICATE: by_default,
        Topic.TLS_VERSION: _tls_version,
        Topic.REDIRECT: _redirect,
        Topic.HSTS: _hsts,
        Topic.NO_HSTS: by_default,
        Topic.RATE_LIMIT: _rate_limit,
        Topic.ORIGINS: _origins,
    },
)
