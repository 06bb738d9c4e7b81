"""Contour: little of an Ingress, the rest in its configuration file or by HTTPProxy objects."""

from __future__ import annotations

from parley_operator.render.ingress.dialect import Dialect, Topic, Words, by_default, on_ingress, unsaid
from parley_operator.render.ingress.exposure import HSTS_HEADER, HSTS_VALUE, Exposure

_PREFIX = "projectcontour.io"


def _timeouts(exposed: Exposure) -> Words:
    """Without `websocket-routes` it does not let the upgrade through."""
    said = {f"{_PREFIX}/websocket-routes": ",".join(exposed.paths), f"{_PREFIX}/response-timeout": "infinity"}
    return on_ingress(said) + unsaid(
        "Contour takes the timeout of silent connections from its configuration alone, 5m by default: keep "
        f"timeouts.stream-idle-timeout there at {exposed.idle_timeout}s or more."
    )


def _reloads(exposed: Exposure) -> Words:
    return unsaid(
        "Contour ends calls when an Envoy of it restarts: let its shutdown-manager wait for them, with "
        f"terminationGracePeriodSeconds of the Envoy pods up to {exposed.max_duration}s."
    )


def _affinity(_: Exposure) -> Words:
    return unsaid(
        "Contour gives affinity by HTTPProxy objects alone: a client that comes back may reach another pod."
    )


def _tls_version(_: Exposure) -> Words:
    return on_ingress({f"{_PREFIX}/tls-minimum-protocol-version": "1.2"})


def _redirect(_: Exposure) -> Words:
    return on_ingress({"ingress.kubernetes.io/force-ssl-redirect": "true"})


def _hsts(_: Exposure) -> Words:
    return unsaid(
        "Contour sets headers by its configuration or by HTTPProxy objects alone: add "
        f"{HSTS_HEADER}: {HSTS_VALUE} to policy.response-headers.set of its configuration."
    )


def _rate_limit(_: Exposure) -> Words:
    return unsaid("Contour limits rates by HTTPProxy objects alone: endpoint.rateLimit has no effect.")


def _origins(_: Exposure) -> Words:
    return unsaid(
        "Contour answers for CORS by HTTPProxy objects alone: pages of other origins may not ask for plain HTTP "
        "paths. Browsers' WebSockets are judged by the gateway."
    )


CONTOUR = Dialect(
    name="Contour",
    controllers=("projectcontour.io/ingress-controller",),
    class_names=("contour",),
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
