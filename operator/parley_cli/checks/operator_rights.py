"""Whether the operator may do its work in a namespace: its ServiceAccount's rights, asked of the API server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from parley_cli.changes import served_kinds
from parley_cli.checks.verdict import Verdict, failing, ok
from parley_cli.cluster import Cluster
from parley_operator.kube.errors import ForbiddenError
from parley_operator.kube.objects import Json
from parley_operator.render.apis import OPTIONAL
from parley_operator.views import WATCHED

_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_SEEN = ("list", "watch")
_MADE = (*_SEEN, "create", "patch", "delete")
_NOT_MADE = frozenset({"Pod", "ReplicaSet"})
"""Kinds that other controllers make."""

_Right = tuple[str, str, str]
"""Group, plural and verb."""


async def operator_rights(cluster: Cluster, operators: Iterable[Json]) -> list[Verdict]:
    """Of each operator that is found; nothing where one may not ask for others, as most people may not."""
    kinds = await served_kinds(cluster)
    rights = [
        (group, plural, verb)
        for kind, (group, _, plural) in {**WATCHED, **{kind: OPTIONAL[kind] for kind in kinds}}.items()
        for verb in (_SEEN if kind in _NOT_MADE else _MADE)
    ]
    found = await asyncio.gather(*(_of(cluster, one, rights) for one in operators))
    return [verdict for verdict in found if verdict is not None]


async def _of(cluster: Cluster, operator: Json, rights: list[_Right]) -> Verdict | None:
    place, account = (
        operator["metadata"]["namespace"],
        operator["spec"]["template"]["spec"].get("serviceAccountName"),
    )
    user = f"system:serviceaccount:{place}:{account or 'default'}"
    try:
        answers = await asyncio.gather(*(_may(cluster, user, right) for right in rights))
    except ForbiddenError:
        return None
    lacking: dict[str, list[str]] = {}
    for (_, plural, verb), may in zip(rights, answers, strict=True):
        if not may:
            lacking.setdefault(plural, []).append(verb)
    subject, where = "Operator's rights", f"in {cluster.namespace}"
    if lacking:
        said = "; ".join(f"{', '.join(verbs)} {plural}" for plural, verbs in lacking.items())
        mend = "helm upgrade parley charts/parley brings its roles; see its value watchNamespaces as well"
        return failing(subject, f"{user} may not {where}: {said}", mend)
    return ok(subject, f"all that it needs {where}")


async def _may(cluster: Cluster, user: str, right: _Right) -> bool:
    group, plural, verb = right
    attributes = {"namespace": cluster.namespace, "group": group, "resource": plural, "verb": verb}
    # The groups that a ServiceAccount is in: roles may be bound to them.
    groups = ["system:serviceaccounts", f"system:serviceaccounts:{user.split(':')[2]}", "system:authenticated"]
    review: Json = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": user, "groups": groups, "resourceAttributes": attributes},
    }
    answer = await cluster.client.create(_REVIEWS, review, field_manager="parley")
    return bool(answer["status"]["allowed"])
