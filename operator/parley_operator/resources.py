"""The VoiceDeployments as last seen, and whose each child and each host is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from parley_operator.api import KIND
from parley_operator.api.conditions import Reason
from parley_operator.hosts import HostClaims
from parley_operator.kube.objects import Json
from parley_operator.render.names import base_name

if TYPE_CHECKING:
    from parley_operator.kube.inventory import Key

PAUSED_ANNOTATION = "parley.dev/paused"
"""On a resource: with the value true, the operator looks and tells, and changes nothing."""
PROMOTED_ANNOTATION = "parley.dev/promote"
"""On a resource: the name of a revision that is brought to all pods although the spec asks for a canary."""


class Resources:
    """The operator's own view of its resources, fed by a watch and by the answers to its writes."""

    def __init__(self) -> None:
        self._bodies: dict[Key, Json] = {}
        self._by_base: dict[Key, Key] = {}
        self.claims = HostClaims()

    def __iter__(self) -> Iterator[Key]:
        return iter(list(self._bodies))

    def get(self, key: Key) -> Json | None:
        """The resource, if it is known to exist."""
        return self._bodies.get(key)

    def is_observed(self, key: Key) -> bool:
        """Whether it is there, and its status tells of the spec that it has."""
        body = self.get(key)
        observed = ((body or {}).get("status") or {}).get("observedGeneration")
        return body is not None and observed == body["metadata"]["generation"]

    def owner_of(self, child: Key) -> Key | None:
        """The resource of a child, by the child's namespace and its name label."""
        return self._by_base.get(child)

    def children_of(self, key: Key) -> Key:
        """The namespace and the name label of a resource's children."""
        return key[0], base_name(key[1])

    def statuses(self) -> Iterator[Iterable[dict[str, str]]]:
        """The conditions of every resource."""
        for body in self._bodies.values():
            yield (body.get("status") or {}).get("conditions") or ()

    def certificates(self) -> Iterator[tuple[Key, str]]:
        """When the certificates that are served expire, as the statuses say it."""
        for key, body in self._bodies.items():
            certificate = (body.get("status") or {}).get("certificate") or {}
            if "notAfter" in certificate:
                yield key, certificate["notAfter"]

    def not_ready(self) -> Iterator[Key]:
        """Those that should serve and do not, or of which that is not known; a suspended one should not."""
        for key, body in self._bodies.items():
            found = (one for one in (body.get("status") or {}).get("conditions") or () if one["type"] == "Ready")
            ready: Json = next(found, {})
            if ready.get("status") != "True" and ready.get("reason") != Reason.SUSPENDED:
                yield key

    def observe(self, body: Json) -> set[Key]:
        """A resource was seen; returns whom to wake: itself if anything matters, and rivals for hosts."""
        key, known = key_of(body), self._bodies.get(key_of(body))
        if known is not None and _is_stale(body, known):
            return set()
        self._store(key, body)
        woken = self.claims.update(key, body)
        return woken | {key} if known is None or _differs(known, body) else woken

    def record(self, body: Json) -> None:
        """The API server answered our write of a status with this object.

        An answer that tells of more than our write is left to the watch: kept here, it would make the event of
        that other change look old, and nobody would be woken by it.
        """
        key = key_of(body)
        known = self._bodies.get(key)
        if known is not None and not _is_stale(body, known) and not _is_changed(known, body):
            self._store(key, body)

    def forget(self, body: Json) -> set[Key]:
        """A resource was deleted; returns whom to wake: itself and rivals for hosts."""
        key = key_of(body)
        known = self._bodies.get(key)
        if known is None or known["metadata"]["uid"] != body["metadata"]["uid"]:
            return set()
        del self._bodies[key]
        self._by_base.pop(self.children_of(key), None)
        return self.claims.release(key) | {key}

    def relist(self, bodies: Collection[Json], *, namespace: str = "") -> set[Key]:
        """All were listed anew; returns whom to wake because somebody is no longer there."""
        present = {body["metadata"]["uid"] for body in bodies}
        scope = [body for key, body in self._bodies.items() if not namespace or key[0] == namespace]
        gone = [body for body in scope if body["metadata"]["uid"] not in present]
        woken = {key for body in gone for key in self.forget(body)}
        for body in bodies:
            woken |= self.observe({"kind": KIND, **body})
        return woken

    def _store(self, key: Key, body: Json) -> None:
        metadata = {name: value for name, value in body["metadata"].items() if name != "managedFields"}
        self._bodies[key] = {**body, "metadata": metadata}
        self._by_base[self.children_of(key)] = key


def key_of(body: Mapping[str, Json]) -> Key:
    """The key of a resource."""
    return body["metadata"]["namespace"], body["metadata"]["name"]


def _is_stale(body: Json, known: Json) -> bool:
    same = known["metadata"]["uid"] == body["metadata"]["uid"]
    return same and int(body["metadata"]["resourceVersion"]) <= int(known["metadata"]["resourceVersion"])


def _differs(known: Json, body: Json) -> bool:
    """Whether anything changed that a reconciliation would act upon: of annotations, the operator's own alone."""
    return _is_changed(known, body) or known.get("status") != body.get("status")


def _is_changed(known: Json, body: Json) -> bool:
    """Whether it is another object, another spec, paused or not, promoted or not, or on its way out."""
    old, new = known["metadata"], body["metadata"]
    is_other = any(old.get(name) != new.get(name) for name in ("uid", "generation", "deletionTimestamp"))
    return is_other or is_paused(old) != is_paused(new) or _promoted(old) != _promoted(new)


def _promoted(metadata: Mapping[str, Json]) -> object:
    return (metadata.get("annotations") or {}).get(PROMOTED_ANNOTATION)


def is_paused(metadata: Mapping[str, Json]) -> bool:
    """Whether a person has asked that nothing be changed for now."""
    return bool((metadata.get("annotations") or {}).get(PAUSED_ANNOTATION) == "true")
