"""What a reference of the spec does not find, in words."""

from __future__ import annotations

from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.render.facts import Facts
from parley_operator.render.references import Presence, Reference
from parley_operator.render.rendered import Finding


def presence(reference: Reference, facts: Facts) -> Presence:
    """Whether the value is there; one of which nothing is known is taken for present."""
    value = facts.values.get(reference.target)
    return value.presence if value else Presence.PRESENT


def missing(condition: ConditionType, reference: Reference, facts: Facts) -> Finding:
    """That a value is not there, and who needs it."""
    target, found = reference.target, presence(reference, facts)
    absent = Reason.SECRET_NOT_FOUND if target.kind == "Secret" else Reason.CONFIG_MAP_NOT_FOUND
    reason, words = {
        Presence.OBJECT_MISSING: (absent, f"{target.kind} {target.name} does not exist"),
        Presence.KEY_MISSING: (Reason.KEY_NOT_FOUND, f"{target.kind} {target.name} has no key {target.key}"),
        Presence.EMPTY: (Reason.KEY_EMPTY, f"key {target.key} of {target.kind} {target.name} is empty"),
    }[found]
    return Finding(condition, reason, f"{words}: {reference.path} needs it")
