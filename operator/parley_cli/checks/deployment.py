"""Whether one VoiceDeployment serves: its conditions, and what each of its pods says of its providers."""

from __future__ import annotations

from collections.abc import Iterator

from parley_cli.checks.verdict import Verdict, failing, ok, warning
from parley_cli.cluster import Cluster
from parley_cli.condition_advice import advice, message
from parley_cli.pod_view import PodView, pod_views
from parley_cli.suggested import suggested
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.kube.errors import ForbiddenError
from parley_operator.kube.objects import Json

_PENDING = frozenset({Reason.SET_IN_CONTROLLER, Reason.ADDRESS_PENDING, Reason.ROLLING_OUT, Reason.SUSPENDED})
"""Reasons that are news, not trouble."""
_CONSEQUENCES = frozenset({Reason.ROLLOUT_COMPLETE, Reason.WAITING_FOR_CREDENTIALS})
"""Reasons that only follow from another condition, or from none."""


async def deployment(cluster: Cluster, body: Json) -> list[Verdict]:
    """Of one resource."""
    return [*_conditions(body), *await _providers(cluster, body)]


def _conditions(body: Json) -> Iterator[Verdict]:
    """The conditions that are not true, but for those that only repeat another: `Ready` says the first of them."""
    name, namespace = body["metadata"]["name"], body["metadata"]["namespace"]
    status = body.get("status") or {}
    if status.get("observedGeneration", 0) < body["metadata"]["generation"]:
        yield failing(name, "the operator has not acted upon the latest spec", "see Operator above, and its logs")
    found: dict[str, Json] = {one["type"]: one for one in status.get("conditions") or ()}
    ready = found.pop(ConditionType.READY, None)
    if ready and ready["status"] == "True":
        yield ok(name, f"Ready: {ready['message']}")
    untrue = [one for one in found.values() if one["status"] != "True" and one["reason"] not in _CONSEQUENCES]
    if ready and ready["status"] != "True" and ready["reason"] not in {one["reason"] for one in untrue}:
        untrue.insert(0, ready)
    for one in untrue:
        is_harmless = one["status"] == "Unknown" or one["reason"] in _PENDING
        grade = warning if is_harmless else failing
        said, mend = message(one), advice(one["reason"], name, namespace=namespace)
        yield grade(name, f"{one['type']}: {said}", "" if mend in said else mend)


async def _providers(cluster: Cluster, body: Json) -> list[Verdict]:
    """Each pod asks its providers by live requests when it warms up, and hears of every failure since."""
    name = body["metadata"]["name"]
    try:
        views = await pod_views(cluster, name)
    except ForbiddenError:
        return [warning(name, "its pods may not be asked", "ask for the right `get` on `pods/proxy`")]
    return [verdict for view in views for verdict in _of_pod(body, view)]


def _of_pod(body: Json, view: PodView) -> Iterator[Verdict]:
    name, namespace = body["metadata"]["name"], body["metadata"]["namespace"]
    if view.health is None:
        # One that has not begun has no logs.
        logs = suggested("logs", name, namespace=namespace)
        mend = f"kubectl -n {namespace} describe pod {view.name}, and {logs}"
        yield warning(name, f"pod {view.name} does not answer: {view.state}", mend)
        return
    for dependency, said in view.health["dependencies"].items():
        provider = said.get("provider", dependency)
        subject = f"{dependency} {provider}" if provider != dependency else dependency
        if said.get("status") == "failing":
            yield failing(
                name,
                f"{subject}: failing in pod {view.name}: {said.get('problem', 'no reason is known')}",
                "check the key in the Secret that the spec names, and that the cluster reaches the provider",
            )
        else:
            yield ok(name, f"{subject}: {said.get('status', 'ok')} in pod {view.name}")
