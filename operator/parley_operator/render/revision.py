"""The history of a resource: a ControllerRevision for each state of its spec, as StatefulSets keep them.

A revision holds all of the spec but for what says how many pods there are and how they are replaced: going back
must not undo what an autoscaler or a person on call has decided since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from parley_operator.render.labels import metadata
from parley_operator.render.names import child_name
from parley_operator.render.rendered import Manifest, ObjectKey

if TYPE_CHECKING:
    from parley_operator.api import VoiceDeployment
    from parley_operator.render.facts import Facts

UNREVISED = frozenset({"replicas", "suspend", "scaling", "rollout"})
"""Fields of the spec that are of the moment, and in no revision."""
POOL_UNREVISED = frozenset({"replicas", "scaling"})
"""The same of each worker pool."""


def revised(resource: VoiceDeployment, release: str = "") -> dict[str, Any]:
    """What a revision of this spec holds: what was said, and the gateway's release even where that was not.

    `release` is the operator's, for a resource that has none yet.
    """
    spec = resource.spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    version = resource.spec.version or resource.status.version or release
    if "workerPools" in spec:
        spec["workerPools"] = [_without(pool, POOL_UNREVISED) for pool in spec["workerPools"] or ()]
    return _without(spec, UNREVISED) | {"version": version}


def restored(spec: Mapping[str, Any], revision: Mapping[str, Any]) -> dict[str, Any]:
    """A spec with what a revision holds, and with what is of the moment kept."""
    found = {**_only(spec, UNREVISED), **revision}
    if "workerPools" in found:
        now = {pool["name"]: pool for pool in spec.get("workerPools") or ()}
        found["workerPools"] = [
            {**pool, **_only(now.get(pool["name"], {}), POOL_UNREVISED)} for pool in found["workerPools"] or ()
        ]
    return found


def _without(fields: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def _only(fields: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in names}


def revision_name(resource: VoiceDeployment, release: str = "") -> str:
    """The name says the content: the same spec is the same revision, whenever it comes back."""
    text = json.dumps(revised(resource, release), sort_keys=True, separators=(",", ":"))
    return child_name(resource.metadata.name, hashlib.sha256(text.encode()).hexdigest()[:10])


def revision(resource: VoiceDeployment, facts: Facts) -> Manifest:
    """The ControllerRevision of the spec as it is; it has the highest number of all."""
    name = revision_name(resource, facts.release)
    latest = max(facts.revisions.values(), default=0)
    number = facts.revisions.get(name, 0)
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": metadata(resource, name),
        "data": {"spec": revised(resource, facts.release)},
        "revision": number if number == latest and number else latest + 1,
    }


def kept_revisions(resource: VoiceDeployment, facts: Facts) -> set[ObjectKey]:
    """The revisions that stay beside the spec's own: the newest, and those that the status names."""
    most = resource.spec.rollout.revision_history_limit
    newest = sorted(facts.revisions, key=lambda name: facts.revisions[name], reverse=True)[:most]
    status = resource.status
    named = {status.current_revision, status.update_revision} & set(facts.revisions)
    return {ObjectKey("ControllerRevision", name) for name in {*newest, *named} if name}
