"""Conditions with their times, as the API wants them, and what changed between two statuses.

A condition keeps its `lastTransitionTime` until its status changes, so that the same state gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from parley_operator.kube.client import Json
from parley_operator.verdict import Verdict

MESSAGE_LIMIT = 32_768


def conditions(verdicts: Mapping[str, Verdict], *, previous: Json, generation: int, now: datetime) -> list[Json]:
    """Conditions as the API wants them."""
    before = {condition["type"]: condition for condition in previous.get("conditions") or ()}
    return [
        {
            "type": str(kind),
            "status": verdict.status,
            "reason": str(verdict.reason),
            "message": verdict.message[:MESSAGE_LIMIT],
            "observedGeneration": generation,
            "lastTransitionTime": _since(before.get(str(kind)), verdict, now),
        }
        for kind, verdict in verdicts.items()
    ]


class Transition(NamedTuple):
    """A condition that changed its status or its reason."""

    type: str
    status: str
    reason: str
    message: str
    since: str
    """When the state that ended had begun; empty for a condition that is new."""


def transitions(previous: Json, status: Json) -> Sequence[Transition]:
    """What changed between two statuses that a person may want to be told."""
    before = {condition["type"]: condition for condition in previous.get("conditions") or ()}
    changed = []
    for condition in status["conditions"]:
        old = before.get(condition["type"], {})
        if (old.get("status"), old.get("reason")) != (condition["status"], condition["reason"]):
            since = f"{old.get('lastTransitionTime', '')}/{old.get('reason', '')}"
            said = {name: condition[name] for name in ("type", "status", "reason", "message")}
            changed.append(Transition(**said, since=since))
    return changed


def timestamp(moment: datetime) -> str:
    """In RFC 3339, as statuses have it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _since(before: Json | None, verdict: Verdict, now: datetime) -> str:
    if before is not None and before["status"] == verdict.status:
        return str(before["lastTransitionTime"])
    return timestamp(now)
