"""AWS Load Balancer Controller: attributes of an Application Load Balancer and of its target group."""

from __future__ import annotations

import json

from parley_operator.render.ingress.dialect import Dialect, Topic, Words, by_default, on_ingress, unsaid
from parley_operator.render.ingress.exposure import HSTS_VALUE, READINESS_PATH, Exposure

_PREFIX = "alb.ingress.kubernetes.io"
_LONGEST_IDLE = 4000
_LONGEST_DEREGISTRATION = 3600
_COOKIE_SECONDS = 3600


def _timeouts(exposed: Exposure) -> Words:
    idle = min(exposed.idle_timeout, _LONGEST_IDLE)
    said = on_ingress({f"{_PREFIX}/load-balancer-attributes": f"idle_timeout.timeout_seconds={idle}"})
    if idle == exposed.idle_timeout:
        return said
    return said + unsaid(
        f"An Application Load Balancer lets connections be silent for {_LONGEST_IDLE}s at most: set "
        f"endpoint.connection.idleTimeout to {_LONGEST_IDLE}s or less."
    )


def _reloads(exposed: Exposure) -> Words:
    """Open connections to a pod that goes are kept for so long."""
    delay = min(exposed.drain, _LONGEST_DEREGISTRATION)
    attribute = f"deregistration_delay.timeout_seconds={delay}"
    said = on_ingress({f"{_PREFIX}/target-group-attributes": attribute})
    if delay == exposed.drain:
        return said
    return said + unsaid(
        f"An Application Load Balancer ends sessions of a pod that goes after {_LONGEST_DEREGISTRATION}s: set "
        f"rollout.drainTimeout to {_LONGEST_DEREGISTRATION}s or less."
    )


def _affinity(_: Exposure) -> Words:
    """Affinity needs pods rather than nodes as targets; so does a Service of type ClusterIP."""
    cookie = f"stickiness.enabled=true,stickiness.lb_cookie.duration_seconds={_COOKIE_SECONDS}"
    return on_ingress({f"{_PREFIX}/target-type": "ip", f"{_PREFIX}/target-group-attributes": cookie})


def _health(_: Exposure) -> Words:
    return on_ingress({f"{_PREFIX}/healthcheck-path": READINESS_PATH})


def _certificate(_: Exposure) -> Words:
    return unsaid(
        "An Application Load Balancer serves certificates of AWS Certificate Manager alone, not of a Secret: have "
        "one there for every host, or name it by the annotation alb.ingress.kubernetes.io/certificate-arn in "
        "endpoint.ingress.annotations."
    )


def _tls_version(_: Exposure) -> Words:
    return on_ingress({f"{_PREFIX}/ssl-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06"})


def _redirect(_: Exposure) -> Words:
    """With 301."""
    ports = json.dumps([{"HTTP": 80}, {"HTTPS": 443}])
    return on_ingress({f"{_PREFIX}/listen-ports": ports, f"{_PREFIX}/ssl-redirect": "443"})


def _hsts(_: Exposure) -> Words:
    attribute = f"routing.http.response.strict_transport_security.header_value={HSTS_VALUE}"
    return on_ingress({f"{_PREFIX}/listener-attributes.HTTPS-443": attribute})


def _rate_limit(_: Exposure) -> Words:
    return unsaid(
        "An Application Load Balancer limits rates by AWS WAF alone: make a web ACL with a rate-based rule and "
        "name it by the annotation alb.ingress.kubernetes.io/wafv2-acl-arn in endpoint.ingress.annotations."
    )


def _origins(_: Exposure) -> Words:
    return unsaid(
        "An Application Load Balancer sends one Access-Control-Allow-Origin to all: say it by the annotation "
        "alb.ingress.kubernetes.io/listener-attributes.HTTPS-443 in endpoint.ingress.annotations where pages ask "
        "for plain HTTP paths. Browsers' WebSockets are judged by the gateway."
    )


ALB = Dialect(
    name="AWS Load Balancer Controller",
    controllers=("ingress.k8s.aws/alb", "eks.amazonaws.com/alb"),
    class_names=("alb",),
    table={
        Topic.TIMEOUTS: _timeouts,
        Topic.RELOADS: _reloads,
        Topic.AFFINITY: _affinity,
        Topic.HEALTH: _health,
        Topic.BODY_SIZE: by_default,  # it keeps no body; the gateway bounds what it reads
        Topic.CERTIFICATE: _certificate,
        Topic.TLS_VERSION: _tls_version,
        Topic.REDIRECT: _redirect,
        Topic.HSTS: _hsts,
        Topic.NO_HSTS: by_default,
        Topic.RATE_LIMIT: _rate_limit,
        Topic.ORIGINS: _origins,
    },
)
