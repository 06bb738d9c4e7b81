"""O10: events that a person sees, each thing once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from parley_operator.kube.events import EventRecorder, Happening
from tests.operator.cluster import Json, Namespace

pytestmark = pytest.mark.controlplane

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HAPPENING = Happening(
    "Warning", "SecretNotFound", "Secret keys is missing", "Reconcile", since="2026-11-20T11:00:00Z"
)


def recorder(namespace: Namespace, instance: str = "operator-1") -> EventRecorder:
    return EventRecorder(namespace.client, controller="parley.dev/operator", instance=instance)


def regarding(namespace: Namespace) -> Json:
    names = {"apiVersion": "parley.dev/v1alpha1", "kind": "VoiceDeployment", "name": "receptionist", "uid": "u-1"}
    return {**names, "namespace": namespace.name}


async def test_an_event_says_what_happened_to_whom(namespace: Namespace) -> None:
    await recorder(namespace).post(regarding(namespace), HAPPENING, now=NOW)
    [event] = await namespace.find_all("Event")
    assert (event["type"], event["reason"], event["note"]) == (
        "Warning",
        "SecretNotFound",
        "Secret keys is missing",
    )
    assert event["regarding"]["name"] == "receptionist"
    assert event["reportingController"] == "parley.dev/operator"


async def test_a_repetition_within_ten_minutes_is_counted_on_the_same_event(namespace: Namespace) -> None:
    posting = recorder(namespace)
    for minutes in (0, 3, 6):
        await posting.post(regarding(namespace), HAPPENING, now=NOW + timedelta(minutes=minutes))
    [event] = await namespace.find_all("Event")
    assert event["series"]["count"] == 3


async def test_a_repetition_after_ten_minutes_is_an_event_of_its_own(namespace: Namespace) -> None:
    posting = recorder(namespace)
    later = Happening(
        HAPPENING.type, HAPPENING.reason, HAPPENING.note, HAPPENING.action, since="2026-11-20T12:20:00Z"
    )
    await posting.post(regarding(namespace), HAPPENING, now=NOW)
    await posting.post(regarding(namespace), later, now=NOW + timedelta(minutes=30))
    assert len(await namespace.find_all("Event")) == 2


async def test_a_successor_that_says_the_same_of_the_same_state_adds_nothing(namespace: Namespace) -> None:
    """The first process was killed after the event and before the status that would have recorded it."""
    await recorder(namespace, "operator-1").post(regarding(namespace), HAPPENING, now=NOW)
    await recorder(namespace, "operator-2").post(regarding(namespace), HAPPENING, now=NOW)
    assert len(await namespace.find_all("Event")) == 1


async def test_a_refused_event_stops_nobody(namespace: Namespace) -> None:
    nowhere = {**regarding(namespace), "namespace": "no-such-namespace"}
    await recorder(namespace).post(nowhere, HAPPENING, now=NOW)
