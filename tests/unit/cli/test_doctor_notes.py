"""O12: what `parley doctor` and `status` say where nothing is wrong, and a person should know all the same."""

from __future__ import annotations

from typing import Any, cast

from parley_cli.checks.deployment import _conditions
from parley_cli.checks.everything import _none
from parley_cli.checks.ingress import _pods
from parley_cli.checks.installation import known_fields
from parley_cli.checks.verdict import Grade
from parley_cli.cluster import Cluster
from parley_cli.commands.status import _conditions_table
from parley_operator.api.conditions import Reason
from parley_operator.api.crd import custom_resource_definition
from parley_operator.kube.client import Client


class NoPods:
    """A cluster whose ingress controller runs elsewhere."""

    async def list(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        return {"items": []}


async def test_o12_a_controller_without_pods_may_run_outside_the_cluster() -> None:
    cluster = Cluster(cast("Client", NoPods()), cast("Any", None), "https://127.0.0.1:6443", "voice")
    said = await _pods(cluster, "Ingress class traefik", "traefik.io/ingress-controller", "app=traefik")
    assert said.grade is Grade.WARNING
    assert said.mend.startswith("nothing, where it runs outside the cluster, is a cloud's")


def test_o12_a_namespace_without_a_resource_is_said_with_the_way_to_others() -> None:
    said = _none("voice")
    assert (said.grade, "namespace voice" in said.message) == (Grade.WARNING, True)
    assert "-n" in said.mend
    assert "status -A" in said.mend


def test_o07_status_of_what_is_suspended_names_the_command_that_resumes() -> None:
    since = {"status": "False", "reason": "Suspended", "lastTransitionTime": "2026-11-21T12:00:00Z"}
    ready = {"type": "Ready", "message": f"Scaled to zero. {Reason.SUSPENDED.advice}", **since}
    available = {"type": "Available", "message": "Scaled to zero.", **since}
    body = {
        "metadata": {"name": "receptionist", "namespace": "voice"},
        "status": {"conditions": [ready, available]},
    }
    lines = _conditions_table(body).splitlines()
    assert lines[1].endswith("Scaled to zero. `parley -n voice resume receptionist` answers again.")
    assert lines[2].endswith("Scaled to zero.")


def test_o12_what_a_condition_says_is_not_said_again_as_its_remedy() -> None:
    since = {"observedGeneration": 1, "lastTransitionTime": "2026-11-21T12:00:00Z"}
    pending = {"type": "EndpointReady", "status": "Unknown", "reason": "AddressPending", **since}
    unready = {
        "type": "Available",
        "status": "False",
        "reason": "NoPodReady",
        "message": "0/1 pods ready.",
        **since,
    }
    conditions = [{**pending, "message": f"No address yet. {Reason.ADDRESS_PENDING.advice}"}, unready]
    metadata = {"name": "receptionist", "namespace": "voice", "generation": 1}
    told = list(_conditions({"metadata": metadata, "status": {"observedGeneration": 1, "conditions": conditions}}))
    assert [bool(one.mend) for one in told] == [False, True]
    assert "kubectl -n voice describe pods -l parley.dev/name=receptionist" in told[1].mend


def test_o12_the_fields_that_it_looks_for_are_those_of_the_definition() -> None:
    (served,) = custom_resource_definition()["spec"]["versions"]
    assert known_fields() == set(served["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"])
