"""A controller that no dialect is known for: a plain Ingress, and a word to its owner."""

from __future__ import annotations

from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.render.ingress.common import Dialect, Exposure
from parley_operator.render.rendered import Finding


def _no_annotations(_: Exposure) -> dict[str, str]:
    return {}


def _unsaid(exposed: Exposure) -> list[Finding]:
    """Whoever writes annotations has seen to it."""
    if exposed.annotated:
        return []
    message = (
        "Parley has no words for this ingress controller: say with endpoint.ingress.annotations that WebSockets "
        f"may be silent for {exposed.idle_timeout}s and live for {exposed.max_duration}s"
    )
    return [Finding(ConditionType.SETTINGS_HONOURED, Reason.UNKNOWN_CONTROLLER, message)]


GENERIC = Dialect(
    controllers=(),
    class_names=(),
    ingress_annotations=_no_annotations,
    service_annotations=_no_annotations,
    unsaid=_unsaid,
)
