"""The PersistentVolumeClaim of a worker pool's model cache.

Almost nothing of a claim can be changed, and the API server refuses the attempt. So what is live decides: a claim
grows where that is asked for, all else stays as it is, and a finding says what the spec asks in vain.
"""

from __future__ import annotations

from collections.abc import Iterator

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.api.quantities import canonical_quantity, parse_quantity
from parley_operator.api.worker_cache import ClaimCache
from parley_operator.api.worker_pools import WorkerPoolSpec
from parley_operator.render.facts import Claim, Facts
from parley_operator.render.rendered import Finding, Manifest
from parley_operator.render.worker_labels import worker_metadata, worker_name

DEFAULT_ACCESS_MODES = ("ReadWriteOnce",)


def worker_claim(resource: VoiceDeployment, pool: WorkerPoolSpec, facts: Facts) -> Manifest | None:
    """The claim; None where the cache is no volume, or one of the user's own."""
    wanted = _wanted(pool)
    if wanted is None:
        return None
    live = facts.claims.get(worker_name(resource, pool))
    claim = wanted if live is None else _reachable(wanted, live)
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": worker_metadata(resource, pool),
        "spec": {
            "accessModes": list(claim.access_modes),
            "volumeMode": "Filesystem",
            "resources": {"requests": {"storage": canonical_quantity(claim.size)}},
            **({"storageClassName": claim.storage_class} if claim.storage_class is not None else {}),
        },
    }


def claim_findings(resource: VoiceDeployment, pool: WorkerPoolSpec, facts: Facts) -> Iterator[Finding]:
    """What the spec asks of a claim that no claim can become."""
    name, wanted = worker_name(resource, pool), _wanted(pool)
    live = facts.claims.get(name)
    if wanted is None or live is None:
        return
    path = f"workerPools[{pool.name}].modelCache.persistentVolumeClaim"
    asked = list(_in_vain(wanted, live))
    if asked:
        message = (
            f"PersistentVolumeClaim {name} stays as it is: {'; '.join(asked)}. A claim cannot be changed so: set "
            f"{path} back, or give the pool another name, or delete the claim and the pool's pods to begin anew"
        )
        yield Finding(ConditionType.SETTINGS_HONOURED, Reason.CLAIM_NOT_CHANGED, message)


def _wanted(pool: WorkerPoolSpec) -> Claim | None:
    said: ClaimCache | None = pool.model_cache.persistent_volume_claim if pool.model_cache else None
    if said is None or said.size is None:
        return None
    return Claim(
        size=canonical_quantity(said.size),
        storage_class=said.storage_class_name,
        access_modes=tuple(said.access_modes or DEFAULT_ACCESS_MODES),
    )


def _reachable(wanted: Claim, live: Claim) -> Claim:
    """The live claim, as large as it is wanted if that is larger."""
    size = max(wanted.size, live.size, key=parse_quantity)
    return Claim(size=size, storage_class=live.storage_class, access_modes=live.access_modes)


def _in_vain(wanted: Claim, live: Claim) -> Iterator[str]:
    if parse_quantity(wanted.size) < parse_quantity(live.size):
        yield f"it has {live.size}, and shrinks never"
    if wanted.storage_class is not None and wanted.storage_class != live.storage_class:
        yield f"its storage class is {live.storage_class or 'none'}, not {wanted.storage_class}"
    if set(wanted.access_modes) != set(live.access_modes):
        yield f"it is {', '.join(live.access_modes)}, not {', '.join(wanted.access_modes)}"
