"""What is known of the objects that carry our label: the operator's view of the cluster, fed by watches.

It keeps of each object what decisions need and no more (5,000 resources have 40,000 children). A watch can miss a
deletion, a late event can bring back what is gone: resource versions decide which news is old, and a new listing
replaces all that was known of its kind.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from sys import intern

from parley_operator.kube.client import Json
from parley_operator.kube.discovery import Ref
from parley_operator.kube.kind_watch import ObjectName
from parley_operator.kube.ownership import controller_uid, owned_fields

TOMBSTONES = 10_000
"""Deleted objects to remember: the answer to a write may arrive after the news of the deletion."""
NEVER = 2**63
"""Later than any version: an object that another of its name has replaced does not come back."""

Key = tuple[str, str]
"""Namespace and name of the resource that an object belongs to."""

View = Callable[[Json], Json]
"""The part of an object that decisions and status need; a change outside it wakes nobody."""


@dataclass(frozen=True, slots=True)
class Live:
    """One object as last seen."""

    ref: Ref
    key: Key
    uid: str
    version: int
    controller: str | None
    owned: str
    """Digest of the fields that are ours."""
    view: Json
    applied: str = ""
    """Digest of the manifest whose application left the fields as they are; empty when it must be applied."""


class Inventory:
    """All labelled objects, by kind and by the resource they belong to."""

    def __init__(self, *, label: str, views: Mapping[str, View]) -> None:
        """`label` names the label that holds the owning resource's name; `views` has an entry for each kind."""
        self._label, self._views = label, views
        self._objects: dict[str, dict[Ref, Live]] = {kind: {} for kind in views}
        self._by_key: dict[Key, dict[Ref, Live]] = {}
        self._gone: OrderedDict[str, int] = OrderedDict()
        """By UID, the version at which an object went. Of that version or later, it has only lost our label."""

    def of(self, key: Key) -> Iterator[Live]:
        """The objects that belong to a resource."""
        yield from self._by_key.get(key, {}).values()

    def get(self, ref: Ref) -> Live | None:
        """One object, if it is known to exist."""
        return self._objects.get(ref.kind, {}).get(ref)

    def observe(self, body: Json) -> Live | None:
        """An object was seen in a listing or a watch; returns it where that changes anything that matters."""
        seen = self._read(body)
        known = self.get(seen.ref)
        if self._is_stale(seen, known):
            return None
        if known and known.uid != seen.uid:
            self._bury(known.uid, NEVER)
        applied = known.applied if known and known.uid == seen.uid and known.owned == seen.owned else ""
        self._store(replace(seen, applied=applied))
        return None if known and _same(known, seen) else seen

    def record(self, body: Json, *, applied: str) -> Live | None:
        """The API server answered with this object, to our write of a manifest or as we asked for it.

        Returns what is known of it now; None where it has gone since.
        """
        seen = self._read(body)
        known = self.get(seen.ref)
        if known and known.uid == seen.uid and known.version > seen.version:
            if applied and known.owned == seen.owned:
                # Somebody else wrote before our answer came, and left what we had written.
                self._store(replace(known, applied=applied))
        elif not self._is_gone(seen):
            self._store(replace(seen, applied=applied))
        return self.get(seen.ref)

    def confirm(self, live: Live, *, applied: str) -> None:
        """What is known of an object is what the application of a manifest left."""
        self._store(replace(live, applied=applied))

    def drop(self, live: Live) -> None:
        """What was known of an object may no longer be true."""
        if self.get(live.ref) is live:
            self._drop(live)

    def forget(self, body: Json) -> Live | None:
        """An object was deleted, or lost our label; returns what was known of it."""
        uid = body["metadata"]["uid"]
        self._bury(uid, int(body["metadata"]["resourceVersion"]))
        known = self.get(Ref.of(body))
        if known is None or known.uid != uid:
            return None
        self._drop(known)
        return known

    def retain(self, kind: str, names: Set[ObjectName], *, version: int, namespace: str = "") -> set[Key]:
        """A kind was listed anew, and all of it observed; returns whose objects are no longer there."""
        objects = self._objects[kind].values()
        scope = [live for live in objects if not namespace or live.ref.namespace == namespace]
        missing = [
            live for live in scope if (live.ref.namespace, live.ref.name) not in names and live.version <= version
        ]
        for live in missing:
            self._bury(live.uid, version)
            self._drop(live)
        return {live.key for live in missing}

    def _read(self, body: Json) -> Live:
        metadata = body["metadata"]
        # What ten children of a resource have in common is kept once: each event brings it anew.
        api_version, kind, namespace = map(
            intern, (body["apiVersion"], body["kind"], metadata.get("namespace", ""))
        )
        ref = Ref(api_version, kind, namespace, metadata["name"])
        owner, controller = (metadata.get("labels") or {}).get(self._label, ""), controller_uid(body)
        return Live(
            ref=ref,
            key=(namespace, intern(owner)),
            uid=metadata["uid"],
            version=int(metadata["resourceVersion"]),
            controller=intern(controller) if controller else None,
            owned=owned_fields(body),
            view=self._views[ref.kind](body),
        )

    def _is_stale(self, seen: Live, known: Live | None) -> bool:
        return self._is_gone(seen) or (known is not None and known.version >= seen.version)

    def _is_gone(self, seen: Live) -> bool:
        return seen.version < self._gone.get(seen.uid, 0)

    def _store(self, live: Live) -> None:
        known = self.get(live.ref)
        if known is not None and known.key != live.key:
            self._drop(known)
        self._objects[live.ref.kind][live.ref] = live
        self._by_key.setdefault(live.key, {})[live.ref] = live

    def _drop(self, live: Live) -> None:
        self._objects[live.ref.kind].pop(live.ref, None)
        siblings = self._by_key.get(live.key, {})
        siblings.pop(live.ref, None)
        if not siblings:
            self._by_key.pop(live.key, None)

    def _bury(self, uid: str, version: int) -> None:
        self._gone[uid] = max(version, self._gone.get(uid, version))
        if len(self._gone) > TOMBSTONES:
            self._gone.popitem(last=False)


def _same(known: Live, seen: Live) -> bool:
    """Whether two sightings differ in nothing that a reconciliation would act upon."""
    return (known.uid, known.key, known.controller, known.owned, known.view) == (
        seen.uid,
        seen.key,
        seen.controller,
        seen.owned,
        seen.view,
    )
