"""docs/conditions.md says of every condition and every reason what it means and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from parley_operator.api.conditions import ConditionType, Reason

PAGE = (Path(__file__).parents[3] / "docs" / "conditions.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| ([\w, ]+) \| (.+) \| (.+) \|$", re.MULTILINE)


def test_every_condition_has_its_part() -> None:
    assert {str(one) for one in ConditionType} == set(re.findall(r"^## (\w+)$", PAGE, re.MULTILINE))


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_explained(reason: Reason) -> None:
    rows = [row for row in ROW.findall(PAGE) if row[0] == reason]
    assert rows, f"docs/conditions.md lacks a line `| `{reason}` | status | meaning | do |`"


def test_no_reason_is_explained_that_is_not_there() -> None:
    assert {row[0] for row in ROW.findall(PAGE)} <= {str(reason) for reason in Reason}


@pytest.mark.parametrize("reason", [reason for reason in Reason if "kubectl" in reason.advice])
def test_o12_its_commands_can_be_run_as_they_stand(reason: Reason) -> None:
    for command in re.findall(r"kubectl .*", reason.advice_for("receptionist", namespace="voice")):
        assert command.startswith(("kubectl -n voice ", "kubectl get ingressclasses"))
        assert not re.search(r"[A-Z]{2,}", command), "nothing is left to be put in"


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason.advice])
def test_what_there_is_advice_for_is_not_left_alone(reason: Reason) -> None:
    said = {row[3] for row in ROW.findall(PAGE) if row[0] == reason}
    assert said != {"Nothing."} or reason is Reason.NO_WORKER_POOLS
