"""The revisions of a resource, and the way back to one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click

from parley_cli.cluster import Cluster
from parley_cli.suggested import suggested
from parley_operator.kube.objects import Json
from parley_operator.kube.ownership import FIELD_MANAGER, controller_uid
from parley_operator.render.labels import NAME
from parley_operator.render.names import base_name
from parley_operator.render.revision import restored

CURRENT, CANARY = "current", "canary"


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of a resource's spec."""

    number: int
    name: str
    since: str
    """When it became the spec's, or did so again, in RFC 3339."""
    spec: dict[str, Any]
    """Without what is of the moment: how many pods there are, and how they are replaced."""
    marks: tuple[str, ...]
    """What the status says of it: current, asked for, failed, canary."""


async def history(cluster: Cluster, name: str) -> list[Revision]:
    """All revisions that are kept, the oldest first. Raises click.ClickException for an unknown resource."""
    return revisions_of(await cluster.voice_deployment(name), await _found(cluster, name))


async def roll_back(cluster: Cluster, name: str, number: int | None) -> Revision:
    """Write an older revision into the spec, and return it.

    Without a number, the one before the newest; while a canary runs, the one that serves beside it.
    """
    body = await cluster.voice_deployment(name)
    revisions = revisions_of(body, await _found(cluster, name))
    chosen = _chosen(revisions, number, name, namespace=cluster.namespace)
    # With its resource version: what somebody else has just written is not undone unseen.
    then = {**body, "spec": restored(body["spec"], chosen.spec)}
    await cluster.client.replace(f"{await cluster.collection()}/{name}", then)
    return chosen


async def _found(cluster: Cluster, name: str) -> list[Json]:
    path = await cluster.collection("ControllerRevision", "apps/v1")
    selector = {"labelSelector": f"{NAME}={base_name(name)}"}
    items: list[Json] = (await cluster.client.list(path, selector))["items"]
    return items


def revisions_of(body: Json, found: list[Json]) -> list[Revision]:
    """The revisions of a resource among the ControllerRevisions that were found, the oldest first."""
    owned = [one for one in found if controller_uid(one) == body["metadata"]["uid"]]
    status = body.get("status") or {}
    names = {"currentRevision": CURRENT, "updateRevision": "asked for", "failedRevision": "failed"}
    named = [(said, status.get(field)) for field, said in names.items()]
    named.append((CANARY, (status.get("canary") or {}).get("revision")))
    revisions = [
        Revision(
            number=one["revision"],
            name=one["metadata"]["name"],
            since=_since(one),
            spec=one["data"]["spec"],
            marks=tuple(said for said, revision in named if revision == one["metadata"]["name"]),
        )
        for one in owned
    ]
    return sorted(revisions, key=lambda one: one.number)


def _since(revision: Json) -> str:
    """When it got its number: one that comes back gets another, and stays the object that it was."""
    metadata = revision["metadata"]
    made: str = metadata["creationTimestamp"]
    ours = [one for one in metadata.get("managedFields") or () if one.get("manager") == FIELD_MANAGER]
    return max((str(one["time"]) for one in ours if one.get("time")), default=made)


def _chosen(revisions: list[Revision], number: int | None, name: str, *, namespace: str) -> Revision:
    if number is not None:
        found = next((one for one in revisions if one.number == number), None)
        if found is None:
            listed = suggested("history", name, namespace=namespace)
            raise click.ClickException(f"{name} has no revision {number}: {listed} lists them")
        return found
    if len(revisions) < 2:
        raise click.ClickException(f"{name} has no older revision: there is nothing to go back to")
    if any(CANARY in one.marks for one in revisions):
        return next((one for one in revisions if CURRENT in one.marks), revisions[-2])
    return revisions[-2]
