"""Bringing one object to its manifest by server-side apply, and never somebody else's object.

Force is needed to win back fields that others changed, and would as readily take over an object that is not ours.
So an object that is not known of is applied in a way that can only create it: nobody looks first, and where the
name is taken the server refuses. Then the controller's UID is looked at, and every further write carries the
object's UID: should it be replaced in between, the server refuses again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from parley_operator.kube.client import Client, Json
from parley_operator.kube.discovery import Discovery, Ref
from parley_operator.kube.errors import (
    ConflictError,
    InvalidError,
    NameConflictError,
    NotFoundError,
    OverlookedError,
    PredecessorError,
)
from parley_operator.kube.inventory import Inventory, Live
from parley_operator.kube.ownership import (
    FIELD_MANAGER,
    SCALE_MANAGER,
    controller_of,
    digest,
)

Outcome = Literal["unchanged", "created", "updated"]

NO_VERSION = "1"
"""A resource version that no object has: an empty etcd is at revision 1, so that its first write is the second.

An apply that demands it conflicts with whatever is there; where nothing is, there is nothing to compare it with.
That is how the server has it, and promised nowhere: one that refuses it is asked what is there.
"""


@dataclass(frozen=True)
class Owner:
    """The resource that the objects belong to."""

    kind: str
    name: str
    uid: str


class Applier:
    """Writes manifests, and keeps the inventory true to the answers."""

    def __init__(self, client: Client, discovery: Discovery, inventory: Inventory) -> None:
        self._client, self._discovery, self._inventory = client, discovery, inventory

    def is_applied(self, manifest: Json, owner: Owner) -> bool:
        """Whether the object is known to be as the manifest says."""
        return _is_applied(self._inventory.get(Ref.of(manifest)), digest(manifest), owner)

    def exists(self, manifest: Json, owner: Owner) -> bool:
        """Whether the object is known to be there, and the owner's."""
        live = self._inventory.get(Ref.of(manifest))
        return live is not None and live.controller == owner.uid

    def fingerprint(self, manifests: Iterable[Json], owner: Owner) -> str:
        """A digest of what was applied and of our fields in it; empty where not all of it is known to be there."""
        lives = [self._inventory.get(Ref.of(manifest)) for manifest in manifests]
        return _fingerprint([(live, live.applied if live else "") for live in lives], owner)

    def recognise(self, manifests: Collection[Json], owner: Owner, remembered: str) -> None:
        """Take objects for applied that are as an earlier process left them, by the fingerprint that it took."""
        lives = [self._inventory.get(Ref.of(manifest)) for manifest in manifests]
        if not remembered or any(live is None for live in lives) or all(live and live.applied for live in lives):
            return
        pairs = [(live, digest(manifest)) for live, manifest in zip(lives, manifests, strict=True)]
        if _fingerprint(pairs, owner) == remembered:
            for live, wanted in pairs:
                if live is not None:
                    self._inventory.confirm(live, applied=wanted)

    async def apply(self, manifest: Json, owner: Owner, *, is_new: bool = False) -> Outcome:
        """Make the object as the manifest says; no request where it is known to be so.

        Args:
            manifest: what is wanted.
            owner: whose it is.
            is_new: what it holds was made up just now, and must not replace what an object of the name holds.

        Raises:
            NameConflictError: an object of the name is not the owner's.
            PredecessorError: it is a child of a deleted resource of the owner's name.
            OverlookedError: it is the owner's, and `is_new` was said; from now on it is known.
        """
        ref, wanted = Ref.of(manifest), digest(manifest)
        live = self._inventory.get(ref)
        if _is_applied(live, wanted, owner):
            return "unchanged"
        path = await self._discovery.path(ref)
        if live is not None and live.controller != owner.uid:
            live = await self._find(path, ref, owner)
        if live is None:
            try:
                unseen = _with_metadata(manifest, resourceVersion=NO_VERSION)
                return await self._create(path, unseen, wanted)
            except (ConflictError, InvalidError):
                live = await self._find(path, ref, owner)
                if live is None:
                    # The name is free: the server makes nothing that bears a version.
                    return await self._create(path, manifest, wanted)
        if is_new:
            raise OverlookedError(kind=ref.kind, name=ref.name)
        return await self._update(path, manifest, live, wanted)

    async def _create(self, path: str, body: Json, wanted: str) -> Outcome:
        """Raises `ConflictError` where the name is taken."""
        answer = await self._client.apply(path, body, field_manager=FIELD_MANAGER, force=False)
        self._inventory.record(answer, applied=wanted)
        return "created"

    async def _update(self, path: str, manifest: Json, live: Live, wanted: str) -> Outcome:
        body = _with_metadata(manifest, uid=live.uid)
        try:
            answer = await self._client.apply(path, body, field_manager=FIELD_MANAGER, force=True)
        except InvalidError:
            answer = await self._replace(path, body)
        except ConflictError:
            # It may have gone unseen: the next attempt is to find out.
            self._inventory.drop(live)
            raise
        self._inventory.record(answer, applied=wanted)
        return "updated"

    async def _replace(self, path: str, body: Json) -> Json:
        """Apply without what others put into our lists.

        An entry that somebody renamed by hand (a port's number) is theirs, while ours is missing; applying ours
        beside theirs may be refused. So lists are set to ours alone, nobody's fields are remembered, and then it
        is applied.
        """
        metadata = {"uid": body["metadata"]["uid"], "managedFields": [{}]}
        content = {name: value for name, value in body.items() if name not in {"apiVersion", "kind", "metadata"}}
        await self._client.merge(path, {**content, "metadata": metadata})
        return await self._client.apply(path, body, field_manager=FIELD_MANAGER, force=True)

    async def scale(self, ref: Ref, *, uid: str, replicas: int) -> None:
        """Set `spec.replicas` under a field manager of its own."""
        body: Json = {
            "apiVersion": ref.api_version,
            "kind": ref.kind,
            "metadata": {"name": ref.name, "namespace": ref.namespace, "uid": uid},
            "spec": {"replicas": replicas},
        }
        path = await self._discovery.path(ref)
        answer = await self._client.apply(path, body, field_manager=SCALE_MANAGER, force=True)
        known = self._inventory.get(ref)
        self._inventory.record(answer, applied=known.applied if known else "")

    async def delete(self, live: Live) -> None:
        """Delete an object that is no longer wanted; the watch brings the news."""
        await self._client.delete(await self._discovery.path(live.ref), uid=live.uid)

    async def _find(self, path: str, ref: Ref, owner: Owner) -> Live | None:
        """The object as it is, which no watch has told of; None if there is none.

        Raises `NameConflictError` or `PredecessorError` where it is not the owner's.
        """
        try:
            body = _named(await self._client.get(path), ref)
        except NotFoundError:
            return None
        _check_owner(body, owner)
        return self._inventory.record(body, applied="")


def _fingerprint(pairs: Iterable[tuple[Live | None, str]], owner: Owner) -> str:
    """Of objects and the digests of their manifests."""
    marks = []
    for live, applied in pairs:
        if live is None or live.controller != owner.uid or not applied:
            return ""
        marks.append((live.ref.kind, live.ref.name, live.uid, live.owned, applied))
    return digest(sorted(marks))


def _is_applied(live: Live | None, wanted: str, owner: Owner) -> bool:
    return live is not None and live.controller == owner.uid and live.applied == wanted


def _check_owner(body: Json, owner: Owner) -> None:
    controller = controller_of(body)
    if controller is not None and controller["uid"] == owner.uid:
        return
    kind, name = body.get("kind", "object"), body["metadata"]["name"]
    if controller is not None and (controller["kind"], controller["name"]) == (owner.kind, owner.name):
        raise PredecessorError(kind=kind, name=name)
    belongs = f"{controller['kind']} {controller['name']}" if controller else None
    raise NameConflictError(kind=kind, name=name, owner=belongs)


def _with_metadata(manifest: Json, **more: str) -> Json:
    return {**manifest, "metadata": {**manifest["metadata"], **more}}


def _named(body: Json, ref: Ref) -> Json:
    return {**body, "apiVersion": ref.api_version, "kind": ref.kind}
