"""O9: WorkersReady names every pool that is not well, and Ready heeds the pools that a stage cannot do without."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.render import Finding, render
from parley_operator.status import Children, compute_status
from parley_operator.views import autoscaler
from parley_operator.worker_status import PoolChildren
from tests.unit.operator.facts import FACTS, NOW, parse
from tests.unit.operator.worker_examples import HEARS, PIPER, SPEAKS, WHISPER, with_pools
from tests.unit.operator_runtime.objects import Json
from tests.unit.operator_runtime.test_status import POD, SERVING

UNTRIED = {**SERVING, "availableReplicas": 0, "readyReplicas": 0}
STUCK = {
    **SERVING,
    "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}],
}
CONTAINER = {"name": "worker", "image": "x", "ready": False, "message": "", "exit_code": None}
CRASHING = {**POD, "pool": "piper", "containers": [{**CONTAINER, "waiting": "CrashLoopBackOff", "exit_code": 3}]}
UNPULLED = {**POD, "pool": "whisper", "containers": [{**CONTAINER, "waiting": "ErrImagePull", "message": "no."}]}
WELL = PoolChildren(deployment=SERVING)
BOTH = with_pools(PIPER, WHISPER, stt=HEARS, tts=SPEAKS)


def status(
    document: dict[str, Any] = BOTH, *, findings: tuple[Finding, ...] = (), **pools: PoolChildren
) -> tuple[Json, dict[str, Json]]:
    resource: VoiceDeployment = parse(document)
    rendered = render(resource, FACTS)
    found = compute_status(
        resource,
        replace(rendered, findings=findings),
        Children(deployment=SERVING, pods={}),
        pools=pools,
        blocked=None,
        previous={},
        now=NOW,
    )
    return found, {one["type"]: one for one in found["conditions"]}


def test_o09_all_is_well() -> None:
    found, conditions = status(piper=WELL, whisper=WELL)
    assert found["workers"] == "piper 2/2, whisper 2/2"
    assert conditions["WorkersReady"]["status"] == "True"
    assert conditions["WorkersReady"]["reason"] == "WorkersServing"
    assert conditions["Ready"]["status"] == "True"


def test_o09_without_pools_there_is_nothing_to_say() -> None:
    found, conditions = status(with_pools())
    assert "workers" not in found
    assert (conditions["WorkersReady"]["status"], conditions["WorkersReady"]["reason"]) == (
        "True",
        "NoWorkerPools",
    )


def test_o09_every_pool_that_is_not_well_is_named() -> None:
    _, conditions = status(
        piper=PoolChildren(deployment=SERVING, pods={"piper-1": CRASHING}),
        whisper=PoolChildren(deployment=UNTRIED, pods={"whisper-1": UNPULLED}),
    )
    found = conditions["WorkersReady"]
    assert (found["status"], found["reason"]) == ("False", "CrashLoopBackOff")
    assert "Pool piper, 2/2 ready: the worker in pod piper-1 keeps ending with exit code 3" in found["message"]
    assert "Pool whisper, 0/2 ready: pod whisper-1 cannot pull x: no." in found["message"]
    assert "workerPools[whisper]" in found["message"]
    assert "kubectl -n default logs piper-1 --previous" in found["message"]


@pytest.mark.parametrize(
    ("pool", "reason", "says"),
    [
        (PoolChildren(), "NoWorkerReady", "there is no Deployment yet"),
        (PoolChildren(deployment=UNTRIED), "NoWorkerReady", "workers start, for which they have 30m"),
        (PoolChildren(deployment=STUCK), "RolloutStuck", "new workers do not become ready"),
        (PoolChildren(deployment=SERVING, refused="403 Forbidden: quota"), "ApplyFailed", "403 Forbidden: quota"),
    ],
    ids=["nothing", "starting", "stuck", "refused"],
)
def test_o09_what_is_wrong_is_told(pool: PoolChildren, reason: str, says: str) -> None:
    _, conditions = status(piper=pool, whisper=WELL)
    found = conditions["WorkersReady"]
    assert (found["status"], found["reason"]) == ("False", reason)
    assert "Pool piper" in found["message"]
    assert says in found["message"]


def test_o09_a_value_that_is_missing_is_told_first() -> None:
    finding = Finding(ConditionType.WORKERS_READY, Reason.SECRET_NOT_FOUND, "Secret hub does not exist")
    _, conditions = status(findings=(finding,), piper=PoolChildren(deployment=UNTRIED), whisper=WELL)
    assert conditions["WorkersReady"]["reason"] == "SecretNotFound"
    assert conditions["WorkersReady"]["message"].startswith("Secret hub does not exist Pool piper")


@pytest.mark.parametrize(
    ("document", "ready"),
    [
        (BOTH, "False"),
        (with_pools(PIPER, WHISPER, tts={**SPEAKS, "fallbacks": [{"name": "b", "provider": "Embedded"}]}), "True"),
        (with_pools(PIPER, WHISPER, tts={"provider": "Embedded", "fallbacks": [{"name": "b", **SPEAKS}]}), "True"),
        (with_pools(PIPER, WHISPER), "True"),
        (with_pools({**PIPER, "replicas": 0}, WHISPER, tts=SPEAKS), "True"),
    ],
    ids=["indispensable", "with a fallback", "a fallback itself", "unused", "at rest by choice"],
)
def test_o09_ready_heeds_the_pools_that_a_stage_cannot_do_without(document: dict[str, Any], ready: str) -> None:
    _, conditions = status(document, piper=PoolChildren(deployment=UNTRIED), whisper=WELL)
    assert conditions["Ready"]["status"] == ready
    assert conditions["WorkersReady"]["status"] == "False"


def test_o09_suspended_pools_are_at_rest() -> None:
    document = with_pools(PIPER)
    document["spec"]["suspend"] = True
    _, conditions = status(document, piper=PoolChildren(deployment=UNTRIED))
    assert conditions["WorkersReady"]["reason"] == "Suspended"


@pytest.mark.parametrize(
    ("trouble", "reason", "says"),
    [
        (
            {
                "type": "ScalingActive",
                "status": "False",
                "reason": "FailedGetPodsMetric",
                "message": "no such metric",
            },
            "MetricsUnavailable",
            "an adapter that serves the custom metrics API",
        ),
        (
            {"type": "AbleToScale", "status": "False", "reason": "FailedUpdateScale", "message": "refused"},
            "UnableToScale",
            "Pool piper: FailedUpdateScale: refused.",
        ),
    ],
    ids=["no figures", "no right"],
)
def test_o09_an_autoscaler_that_cannot_do_its_work_is_told(trouble: Json, reason: str, says: str) -> None:
    live = {"apiVersion": "autoscaling/v2", "metadata": {}, "spec": {}, "status": {"conditions": [trouble]}}
    pool = PoolChildren(deployment=SERVING, autoscaler=autoscaler(live))
    _, conditions = status(with_pools({**PIPER, "scaling": {"maxReplicas": 2}}), piper=pool)
    found = conditions["AutoscalingReady"]
    assert (found["status"], found["reason"]) == ("False", reason)
    assert says in found["message"]
