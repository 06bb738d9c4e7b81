"""O6: what autoscalers say of themselves becomes a condition that a person can act on."""

from __future__ import annotations

from typing import Any

import pytest

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.autoscaling_status import autoscaling_verdict
from parley_operator.kube.client import Json
from parley_operator.render import Finding
from parley_operator.verdict import Verdict
from parley_operator.views import autoscaler, scaled_object
from tests.unit.operator_runtime.objects import resource as body

HPA = {"type": "HPA", "maxReplicas": 4}
KEDA = {
    "type": "KEDA",
    "maxReplicas": 4,
    "targetSessionsPerPod": 10,
    "prometheus": {"serverAddress": "http://prometheus:9090"},
}
WELL = {"ScalingActive": ("True", "ValidMetricFound"), "AbleToScale": ("True", "ReadyForNewScale")}
READY = {"Ready": ("True", "ScaledObjectReady")}


def live(conditions: dict[str, tuple[str, str]]) -> Json:
    said = [
        {"type": kind, "status": status, "reason": reason, "message": "as it says"}
        for kind, (status, reason) in conditions.items()
    ]
    return {"metadata": {"name": "receptionist"}, "status": {"conditions": said}}


def verdict(
    scaling: dict[str, Any],
    conditions: dict[str, tuple[str, str]] | None = None,
    *,
    keda: dict[str, tuple[str, str]] | None = None,
    finding: Finding | None = None,
    suspend: bool = False,
) -> Verdict:
    embedded = {stage: {"provider": "Embedded"} for stage in ("stt", "llm", "tts")}
    document = body("receptionist")
    document["spec"] = {
        "agent": {"instructions": "x"},
        "pipeline": embedded,
        "scaling": scaling,
        "suspend": suspend,
    }
    return autoscaling_verdict(
        VoiceDeployment.parse(document),
        finding=finding,
        scaled_object=None if keda is None else scaled_object(live(keda)),
        autoscaler=None if conditions is None else autoscaler(live(conditions)),
    )


def test_it_is_well() -> None:
    assert verdict({"type": "Fixed"})[:2] == ("True", "FixedReplicas")
    assert verdict(HPA, WELL)[:2] == ("True", "Autoscaling")
    assert verdict(KEDA, WELL, keda=READY)[:2] == ("True", "Autoscaling")


def test_at_the_maximum_it_says_what_to_raise() -> None:
    found = verdict(HPA, {**WELL, "ScalingLimited": ("True", "TooManyReplicas")})
    assert found.status == "True"
    assert "scaling.maxReplicas pods (4)" in found.message
    at_least = verdict(HPA, {**WELL, "ScalingLimited": ("True", "TooFewReplicas")})
    assert at_least == verdict(HPA, WELL)


@pytest.mark.parametrize(
    ("conditions", "reason"),
    [
        ({"ScalingActive": ("False", "FailedGetContainerResourceMetric")}, Reason.METRICS_UNAVAILABLE),
        ({"ScalingActive": ("False", "FailedGetPodsMetric")}, Reason.SESSIONS_UNAVAILABLE),
        ({"ScalingActive": ("False", "FailedGetExternalMetric")}, Reason.SESSIONS_UNAVAILABLE),
        ({"ScalingActive": ("False", "AmbiguousSelector")}, Reason.TWO_AUTOSCALERS),
        ({"AbleToScale": ("False", "FailedGetScale")}, Reason.UNABLE_TO_SCALE),
    ],
)
@pytest.mark.parametrize("scaling", [HPA, KEDA], ids=["HPA", "KEDA"])
def test_what_keeps_it_from_scaling_is_said_with_what_to_do(
    scaling: dict[str, Any], conditions: dict[str, tuple[str, str]], reason: Reason
) -> None:
    found = verdict(scaling, conditions, keda=READY)
    assert found[:2] == ("False", reason)
    assert "as it says" in found.message
    assert reason.advice in found.message


def test_what_keda_refuses_is_said_in_its_words() -> None:
    found = verdict(KEDA, WELL, keda={"Ready": ("False", "ScaledObjectCheckFailed")})
    assert found[:2] == ("False", "ScaledObjectNotReady")
    assert "KEDA says ScaledObjectCheckFailed: as it says" in found.message


@pytest.mark.parametrize("keda", [None, {}, {"Ready": ("Unknown", "")}])
def test_a_keda_that_is_silent_may_not_run(keda: dict[str, tuple[str, str]] | None) -> None:
    found = verdict(KEDA, WELL, keda=keda)
    assert found.status == "Unknown"
    assert "see that its operator runs" in found.message


def test_nothing_is_claimed_of_an_autoscaler_that_has_not_spoken() -> None:
    assert verdict(HPA).status == verdict(HPA, {}).status == "Unknown"


def test_a_suspension_is_no_fault_of_the_metrics() -> None:
    disabled = {"ScalingActive": ("False", "ScalingDisabled")}
    assert verdict(HPA, disabled, suspend=True)[:2] == ("False", "Suspended")


def test_what_rendering_found_comes_first_and_a_handover_is_only_not_known() -> None:
    absent = Finding(ConditionType.AUTOSCALING_READY, Reason.API_NOT_SERVED, "install KEDA")
    assert verdict(KEDA, finding=absent) == ("False", "ApiNotServed", "install KEDA")
    handing = Finding(ConditionType.AUTOSCALING_READY, Reason.HANDING_OVER, "wait")
    assert verdict({"type": "Fixed"}, finding=handing) == ("Unknown", "HandingOver", "wait")
