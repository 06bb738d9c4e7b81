"""ingress-nginx, the Kubernetes project's controller (not F5's)."""

from __future__ import annotations

from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.render.ingress.common import AFFINITY_COOKIE, Dialect, Exposure
from parley_operator.render.rendered import Finding

_PREFIX = "nginx.ingress.kubernetes.io"


def _ingress_annotations(exposed: Exposure) -> dict[str, str]:
    """Both timeouts are between two frames in one direction: the gateway's pings keep them from ending."""
    return {
        f"{_PREFIX}/proxy-read-timeout": str(exposed.idle_timeout),
        f"{_PREFIX}/proxy-send-timeout": str(exposed.idle_timeout),
        f"{_PREFIX}/affinity": "cookie",
        f"{_PREFIX}/session-cookie-name": AFFINITY_COOKIE,
        f"{_PREFIX}/ssl-redirect": "true" if exposed.tls_secret else "false",
    }


def _service_annotations(_: Exposure) -> dict[str, str]:
    return {}


def _unsaid(exposed: Exposure) -> list[Finding]:
    message = (
        "ingress-nginx cuts open sockets some time after each reload of its configuration, 240s by default: set "
        f"worker-shutdown-timeout in its ConfigMap to at least {exposed.max_duration}s"
    )
    return [Finding(ConditionType.SETTINGS_HONOURED, Reason.SET_IN_CONTROLLER, message)]


INGRESS_NGINX = Dialect(
    controllers=("k8s.io/ingress-nginx",),
    class_names=("nginx", "ingress-nginx"),
    ingress_annotations=_ingress_annotations,
    service_annotations=_service_annotations,
    unsaid=_unsaid,
)
