"""`spec.rollout`: how pods are replaced."""

from __future__ import annotations

from tests.operator.fields.row import Row, below, table

ROWS = below(
    "spec.rollout",
    table(
        Row(
            "drainTimeout", "50m", {"config drain.timeout": 3000.0, "pod spec.terminationGracePeriodSeconds": 3020}
        ),
        Row("progressDeadline", "5m", {"Deployment spec.progressDeadlineSeconds": 300}),
        Row(
            "onFailure",
            "Rollback",
            tests=(
                "tests/operator/test_lifecycle.py::test_o07_a_failed_rollout_is_rolled_back_without_touching_the_spec_and_a_new_spec_goes_forward",
            ),
        ),
        Row(
            "canary.weightPercent",
            10,
            tests=(
                "tests/operator/test_canary.py::test_o07_a_change_runs_beside_what_serves_and_gets_its_share_once_it_is_ready",
                "tests/operator/test_traefik.py::test_o07_a_canary_gets_its_share_of_new_calls_and_keeps_its_calls_when_it_is_given_up",
            ),
        ),
        Row(
            "revisionHistoryLimit",
            2,
            tests=(
                "tests/operator/test_lifecycle.py::test_o07_each_spec_has_its_revision_and_the_number_of_pods_has_none",
            ),
        ),
    ),
)
