"""Traefik: affinity on the Service, timeouts on its entry points alone."""

from __future__ import annotations

from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.render.ingress.common import AFFINITY_COOKIE, Dialect, Exposure
from parley_operator.render.rendered import Finding

_PREFIX = "traefik.ingress.kubernetes.io"


def _ingress_annotations(exposed: Exposure) -> dict[str, str]:
    """Without router.tls, Traefik takes the certificate but serves the route in the clear."""
    return {f"{_PREFIX}/router.tls": "true"} if exposed.tls_secret else {}


def _service_annotations(exposed: Exposure) -> dict[str, str]:
    cookie = f"{_PREFIX}/service.sticky.cookie"
    return {
        cookie: "true",
        f"{cookie}.name": AFFINITY_COOKIE,
        f"{cookie}.httponly": "true",
        f"{cookie}.secure": "true" if exposed.tls_secret else "false",
    }


def _unsaid(exposed: Exposure) -> list[Finding]:
    message = (
        "Traefik takes timeouts from its entry points alone. Set entryPoints.NAME.transport.respondingTimeouts "
        f"readTimeout and writeTimeout to 0s or at least {exposed.max_duration}s, and "
        f"lifeCycle.graceTimeOut to as long as calls may last when Traefik itself restarts"
    )
    if exposed.tls_secret:
        message += "; entryPoints.NAME.http.redirections redirects HTTP to HTTPS"
    return [Finding(ConditionType.SETTINGS_HONOURED, Reason.SET_IN_CONTROLLER, message)]


TRAEFIK = Dialect(
    controllers=("traefik.io/ingress-controller",),
    class_names=("traefik",),
    ingress_annotations=_ingress_annotations,
    service_annotations=_service_annotations,
    unsaid=_unsaid,
)
