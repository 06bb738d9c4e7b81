"""Telling people how a resource is: its status, and an event for each change of it that is news."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from parley_operator.api import API_VERSION, KIND
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.kube.client import Client, Json
from parley_operator.kube.discovery import Discovery, Ref
from parley_operator.kube.errors import NotFoundError
from parley_operator.kube.events import EventRecorder, Happening
from parley_operator.kube.ownership import FIELD_MANAGER
from parley_operator.resources import Resources
from parley_operator.status import Transition, transitions

logger = logging.getLogger(__name__)

_EVENTFUL = frozenset({"Ready", "WorkersReady", "Progressing", "AutoscalingReady", "SettingsHonoured"})
_EXPECTED = frozenset(
    {
        "Suspended",
        "RollingOut",
        "RolloutComplete",
        "NoPodReady",
        "NoWorkerReady",
        "AddressPending",
        "SetInController",
        "Paused",
        "CanaryRunning",
        "CertificatePending",
    }
)
"""Reasons that are news but no warnings: SetInController is true of every resource of an ingress class."""


class Publisher:
    """Writes statuses where they changed, and posts events."""

    def __init__(
        self, client: Client, *, discovery: Discovery, resources: Resources, recorder: EventRecorder
    ) -> None:
        self._client, self._discovery = client, discovery
        self._resources, self._recorder = resources, recorder

    async def publish(self, body: Json, status: Json, *, now: datetime) -> None:
        """Write the status where it changed, after telling what changed: a crash between repeats neither."""
        previous = body.get("status") or {}
        if status == previous:
            return
        changed = transitions(previous, status)
        for transition in changed:
            logger.info("condition changed", extra=_logged(body, transition))
        for transition in news(previous, changed):
            await self._recorder.post(_regarding(body), _happening(transition), now=now)
        metadata = {name: body["metadata"][name] for name in ("name", "namespace", "uid")}
        document: Json = {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "status": status}
        path = await self._discovery.path(Ref.of(document), subresource="status")
        try:
            answer = await self._client.apply(path, document, field_manager=FIELD_MANAGER, force=True)
        except NotFoundError:
            return
        if answer.get("status") == status:
            self._resources.record(answer)


def news(previous: Json, changed: Sequence[Transition]) -> list[Transition]:
    """What of the changes since the `previous` status is worth an event.

    That the pods of a new resource are complete says no more than that it serves.
    """
    serves = any((one.type, one.status) == (ConditionType.READY, "True") for one in changed)
    known = {Reason.ROLLOUT_COMPLETE} if serves and "currentRevision" not in previous else set()
    return [one for one in changed if _is_news(one) and one.reason not in known]


def _regarding(body: Json) -> Json:
    names = ("name", "namespace", "uid", "resourceVersion")
    return {"apiVersion": API_VERSION, "kind": KIND, **{name: body["metadata"][name] for name in names}}


def _is_news(transition: Transition) -> bool:
    if transition.type == ConditionType.READY:
        return True
    if transition.reason == Reason.SUSPENDED:
        return False  # Ready says it
    is_new = transition.since == "/"
    return transition.type in _EVENTFUL and not (is_new and transition.status != "False")


def _logged(body: Json, transition: Transition) -> dict[str, str]:
    metadata = body["metadata"]
    return {
        "namespace": metadata["namespace"],
        "resource": metadata["name"],
        "condition": transition.type,
        "status": transition.status,
        "reason": transition.reason,
    }


def _happening(transition: Transition) -> Happening:
    harmless = transition.status != "False" or transition.reason in _EXPECTED
    return Happening(
        type="Normal" if harmless else "Warning",
        reason=transition.reason,
        note=f"{transition.type} is {transition.status}: {transition.message}",
        action="Reconcile",
        since=transition.since,
    )
