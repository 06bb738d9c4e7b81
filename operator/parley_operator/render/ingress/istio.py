"""Istio as an ingress controller: affinity by a DestinationRule; most else by objects of the mesh's owner."""

from __future__ import annotations

from parley_operator.render.ingress.dialect import Dialect, Extra, Topic, Words, by_default, unsaid
from parley_operator.render.ingress.exposure import AFFINITY_COOKIE, HSTS_HEADER, HSTS_VALUE, Exposure


def _reloads(exposed: Exposure) -> Words:
    return unsaid(
        "Istio ends calls when a pod of its ingress gateway restarts: set terminationDrainDuration of its proxy "
        f"and terminationGracePeriodSeconds of its pods up to {exposed.max_duration}s."
    )


def _affinity(exposed: Exposure) -> Words:
    """A cookie without an age, which browsers keep for their session."""
    cookie = {"name": AFFINITY_COOKIE, "ttl": "0s"}
    policy = {"loadBalancer": {"consistentHash": {"httpCookie": cookie}}}
    return Words(extras=(Extra("DestinationRule", "", {"spec": {"host": exposed.name, "trafficPolicy": policy}}),))


def _certificate(exposed: Exposure) -> Words:
    return unsaid(
        f"Istio reads the Secret {exposed.tls_secret} of an Ingress in the namespace of its ingress gateway: keep "
        "a copy there, or use endpoint.gateway."
    )


def _redirect(_: Exposure) -> Words:
    return unsaid(
        "Istio does not redirect an Ingress to HTTPS: use endpoint.gateway, or a Gateway of its own with "
        "tls.httpsRedirect."
    )


def _hsts(_: Exposure) -> Words:
    return unsaid(
        "Istio sets no headers for an Ingress: use endpoint.gateway, or a VirtualService of your own that sets "
        f"{HSTS_HEADER}: {HSTS_VALUE}."
    )


def _rate_limit(_: Exposure) -> Words:
    return unsaid("Istio limits rates by an EnvoyFilter alone: make one with envoy.filters.http.local_ratelimit.")


def _origins(_: Exposure) -> Words:
    return unsaid(
        "Istio answers for CORS by VirtualService objects alone: make one with corsPolicy where pages ask for "
        "plain HTTP paths. Browsers' WebSockets are judged by the gateway."
    )


ISTIO = Dialect(
    name="Istio",
    controllers=("istio.io/ingress-controller",),
    class_names=("istio",),
    table={
        Topic.TIMEOUTS: by_default,  # no limit of a route or of a silent stream
        Topic.RELOADS: _reloads,
        Topic.AFFINITY: _affinity,
        Topic.HEALTH: by_default,  # it follows the pods' readiness
        Topic.BODY_SIZE: by_default,  # it keeps no body; the gateway bounds what it reads
        Topic.CERTIFICATE: _certificate,
        Topic.TLS_VERSION: by_default,  # minProtocolVersion TLSV1_2
        Topic.REDIRECT: _redirect,
        Topic.HSTS: _hsts,
        Topic.NO_HSTS: by_default,
        Topic.RATE_LIMIT: _rate_limit,
        Topic.ORIGINS: _origins,
    },
)
