"""Whether the cluster can run Parley, and does: version, definition, operator, and one's own rights."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from parley_cli.changes import served_kinds
from parley_cli.checks.operator_rights import operator_rights
from parley_cli.checks.verdict import Verdict, failing, ok, warning
from parley_cli.cluster import Cluster
from parley_cli.operators import OPERATOR, operators_of
from parley_operator.api.spec import VoiceDeploymentSpec
from parley_operator.kube.errors import ForbiddenError, NotFoundError
from parley_operator.kube.objects import Json
from parley_operator.kube.served_group import is_served
from parley_operator.render.apis import CUSTOM_METRICS, OPTIONAL

OLDEST = (1, 29)
"""Kubernetes releases before it lack rules that the definition uses."""
_DEFINITION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/voicedeployments.parley.dev"
RESOURCE_METRICS = "metrics.k8s.io"
"""By which autoscalers read CPU: metrics-server."""
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_RIGHTS = (
    ("parley.dev", "voicedeployments", "", ("get", "list", "create", "patch", "delete")),
    ("", "pods", "", ("list",)),
    ("", "pods", "log", ("get",)),
    ("", "pods", "proxy", ("get",)),
    ("", "pods", "eviction", ("create",)),
)


async def installation(cluster: Cluster) -> list[Verdict]:
    """Of the cluster as a whole."""
    server, definition, apis, operators, rights = await asyncio.gather(
        _server(cluster), _definition(cluster), _apis(cluster), operators_of(cluster), _rights(cluster)
    )
    said = [server, definition, apis, _operator(operators)]
    return [*said, *await operator_rights(cluster, operators or []), rights]


async def _server(cluster: Cluster) -> Verdict:
    about = await cluster.client.get("/version")
    said = f"{about['gitVersion']} at {cluster.server}"
    release = (int(about["major"]), int(about["minor"].rstrip("+")))
    if release < OLDEST:
        return failing("Kubernetes", said, f"upgrade to {OLDEST[0]}.{OLDEST[1]} or newer")
    return ok("Kubernetes", said)


async def _definition(cluster: Cluster) -> Verdict:
    subject = "Definition"
    try:
        live = await cluster.client.get(_DEFINITION)
    except NotFoundError:
        return failing(subject, "VoiceDeployment is not known", "helm install parley charts/parley")
    except ForbiddenError:
        return warning(subject, "may not be read by you")
    theirs = live["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    lacking = sorted(known_fields() - set(theirs["properties"]))
    if lacking:
        return warning(
            subject,
            f"is of another release than this command: it lacks spec.{', spec.'.join(lacking)}",
            "helm upgrade parley charts/parley brings the definition as well",
        )
    return ok(subject, "VoiceDeployment is served")


def known_fields() -> set[str]:
    """The fields of a spec that this command knows, without the definition, which takes long to derive."""
    return {field.alias or name for name, field in VoiceDeploymentSpec.model_fields.items()}


async def _apis(cluster: Cluster) -> Verdict:
    """Those of others, of which a resource may ask for one that is not there: its conditions then say so."""
    groups = (RESOURCE_METRICS, CUSTOM_METRICS)
    kinds, served = await asyncio.gather(
        served_kinds(cluster), asyncio.gather(*(is_served(cluster.client, group) for group in groups))
    )
    metrics = {group for group, is_there in zip(groups, served, strict=True) if is_there}
    there = [*sorted(kinds), *(group for group in groups if group in metrics)]
    absent = [*sorted(set(OPTIONAL) - kinds), *(group for group in groups if group not in metrics)]
    said = ", ".join(there) or "none"
    return ok("Optional APIs", f"{said}; not there: {', '.join(absent)}" if absent else said)


def _operator(items: list[Json] | None) -> Verdict:
    subject = "Operator"
    if items is None:
        return warning(subject, "may not be looked for: you may not list deployments of all namespaces")
    if not items:
        return failing(subject, "runs nowhere", "helm install parley charts/parley --namespace parley-system")
    ready = sum((item.get("status") or {}).get("readyReplicas", 0) for item in items)
    namespace, name = items[0]["metadata"]["namespace"], items[0]["metadata"]["name"]
    if not ready:
        return failing(
            subject,
            f"Deployment {namespace}/{name} has no ready pod",
            f"kubectl -n {namespace} describe pods -l {OPERATOR}",
        )
    return ok(subject, f"{ready} ready in {namespace}")


async def _rights(cluster: Cluster) -> Verdict:
    asked = [
        (group, resource, subresource, verb) for group, resource, subresource, verbs in _RIGHTS for verb in verbs
    ]
    answers = await asyncio.gather(*(_may(cluster, *one) for one in asked))
    lacking = [
        f"{verb} {'/'.join(part for part in (resource, subresource) if part)}"
        for (_, resource, subresource, verb), may in zip(asked, answers, strict=True)
        if not may
    ]
    return _lacking(cluster.namespace, lacking)


def _lacking(namespace: str, rights: Iterable[str]) -> Verdict:
    said = ", ".join(rights)
    if said:
        return warning(
            "Your rights",
            f"in {namespace} you may not {said}",
            "ask for the role `admin` or `edit` in the namespace",
        )
    return ok("Your rights", f"all that this command needs in {namespace}")


async def _may(cluster: Cluster, group: str, resource: str, subresource: str, verb: str) -> bool:
    attributes = {"namespace": cluster.namespace, "group": group, "resource": resource, "verb": verb}
    if subresource:
        attributes["subresource"] = subresource
    review: Json = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    answer = await cluster.client.create(_REVIEWS, review, field_manager="parley")
    return bool(answer["status"]["allowed"])
