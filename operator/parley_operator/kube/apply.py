"""Bringing one object to its manifest by server-side apply, and never somebody else's object.

Force is needed to win back fields that others changed, and would as readily take over an object that is not ours.
So the controller's UID is checked first, and the write carries the object's UID: should it be replaced in between,
the server refuses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from parley_operator.kube.client import Client, Json
from parley_operator.kube.discovery import Discovery, Ref
from parley_operator.kube.errors import InvalidError, NameConflictError, NotFoundError, PredecessorError
from parley_operator.kube.inventory import Inventory, Live
from parley_operator.kube.ownership import (
    FIELD_MANAGER,
    SCALE_MANAGER,
    controller_of,
    digest,
)

Outcome = Literal["unchanged", "created", "updated"]


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

    async def apply(self, manifest: Json, owner: Owner) -> Outcome:
        """Make the object as the manifest says; no request where it is known to be so.

        Raises `NameConflictError` or `PredecessorError` where an object of the name is not the owner's.
        """
        ref, wanted = Ref.of(manifest), digest(manifest)
        live = self._inventory.get(ref)
        if _is_applied(live, wanted, owner):
            return "unchanged"
        found = await self._find(ref, live, owner)
        body = manifest if found is None else _with_uid(manifest, found)
        path = await self._discovery.path(ref)
        try:
            answer = await self._client.apply(path, body, field_manager=FIELD_MANAGER, force=found is not None)
        except InvalidError:
            if found is None:
                raise
            answer = await self._replace(path, body)
        self._inventory.record(answer, applied=wanted)
        return "created" if found is None else "updated"

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

    async def _find(self, ref: Ref, live: Live | None, owner: Owner) -> str | None:
        """The UID of the object if it exists and is the owner's; None if there is none."""
        if live is not None and live.controller == owner.uid:
            return live.uid
        try:
            body = await self._client.get(await self._discovery.path(ref))
        except NotFoundError:
            return None
        _check_owner(_named(body, ref), owner)
        return str(body["metadata"]["uid"])


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


def _with_uid(manifest: Json, uid: str) -> Json:
    return {**manifest, "metadata": {**manifest["metadata"], "uid": uid}}


def _named(body: Json, ref: Ref) -> Json:
    return {**body, "apiVersion": ref.api_version, "kind": ref.kind}
