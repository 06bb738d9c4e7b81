"""How an ingress controller shares new connections with a canary, where it can."""

from __future__ import annotations

from parley_operator.render.facts import Facts
from parley_operator.render.ingress.dialect import Words
from parley_operator.render.ingress.dialects import ingress_dialect
from parley_operator.render.ingress.exposure import Exposure


def shared(exposed: Exposure, facts: Facts, *, share: int) -> Words:
    """What the controller is told so that the canary gets `share` percent; nothing where it cannot be told."""
    dialect = ingress_dialect(facts)
    if dialect.canary is None or unshareable(exposed, facts):
        return Words()
    return dialect.canary(exposed, share)


def unshareable(exposed: Exposure, facts: Facts) -> str | None:
    """Why the controller cannot share connections, in words for a message; None where it can."""
    dialect = ingress_dialect(facts)
    if dialect.canary is None:
        return f"Parley has no words for shares of connections to {dialect.title}"
    words = dialect.canary(exposed, 1)
    missing = sorted({extra.kind for extra in words.extras} - facts.apis)
    if missing:
        return (
            f"{dialect.name} shares connections by objects of kind {missing[0]}, which this cluster does not serve"
        )
    return words.unsaid[0] if words.unsaid else None
