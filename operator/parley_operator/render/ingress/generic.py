"""A controller that no dialect is known for: a plain Ingress, and a word to its owner."""

from __future__ import annotations

from parley_operator.api.conditions import Reason
from parley_operator.render.ingress.dialect import Dialect, Topic, Words, by_default, unsaid
from parley_operator.render.ingress.exposure import Exposure


def _timeouts(exposed: Exposure) -> Words:
    """Whoever writes annotations has seen to it."""
    if exposed.annotations:
        return Words()
    return unsaid(
        "Parley has no words for this ingress controller: say with endpoint.ingress.annotations that WebSockets "
        f"may be silent for {exposed.idle_timeout}s and live for {exposed.max_duration}s."
    )


GENERIC = Dialect(
    name="generic",
    controllers=(),
    class_names=(),
    table={**dict.fromkeys(Topic, by_default), Topic.TIMEOUTS: _timeouts},
    reason=Reason.UNKNOWN_CONTROLLER,
)
