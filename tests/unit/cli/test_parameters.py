"""O12: names and durations are taken as people write them for kubectl."""

from __future__ import annotations

import contextlib

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_cli.parameters import duration, gateway_pod, voice_deployment

CONTEXT = click.Context(click.Command("status"))
PARAMETER = click.Argument(["name"])


@pytest.mark.parametrize(
    "value",
    ["receptionist", "vd/receptionist", "VoiceDeployment/receptionist", "voicedeployment.parley.dev/receptionist"],
)
def test_o12_a_name_may_stand_behind_its_kind(value: str) -> None:
    assert voice_deployment(CONTEXT, PARAMETER, value) == "receptionist"


@pytest.mark.parametrize(
    "value", ["pod/receptionist", "a/b/c", "../pods/x", "", "vd/", "Receptionist", "two words", "x?watch=1"]
)
def test_o12_what_is_no_name_of_one_is_a_wrong_call(value: str) -> None:
    """None of it reaches the path of a request."""
    with pytest.raises(click.UsageError, match="VoiceDeployment"):
        voice_deployment(CONTEXT, PARAMETER, value)


def test_o12_pods_as_kubectl_prints_them() -> None:
    assert gateway_pod(CONTEXT, PARAMETER, "pod/receptionist-7b65c76dcf-4tpzv") == "receptionist-7b65c76dcf-4tpzv"


@pytest.mark.parametrize(
    ("value", "seconds"), [("90", 90), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("0.5", 0.5)]
)
def test_o12_durations(value: str, seconds: float) -> None:
    assert duration(CONTEXT, PARAMETER, value) == seconds


@given(st.text(max_size=12))
def test_o12_whatever_else_is_said_is_a_time_or_a_wrong_call(value: str) -> None:
    with contextlib.suppress(click.UsageError):
        length = duration(CONTEXT, PARAMETER, value)
        assert length is not None
        assert length > 0


@pytest.mark.parametrize("value", ["0", "0s", "-1", "5 minutes", "5d", "1e9", "٣s"])
def test_o12_no_time_at_all_is_a_wrong_call(value: str) -> None:
    with pytest.raises(click.UsageError, match="is no duration"):
        duration(CONTEXT, PARAMETER, value)
