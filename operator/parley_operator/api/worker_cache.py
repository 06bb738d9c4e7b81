"""`spec.workerPools[].modelCache`: where the workers of a pool keep the models that they have fetched."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.values import MountPath, ObjectName, Quantity

AccessMode = Literal["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"]


class EmptyDirCache(ResourceModel):
    """A folder of the node that each worker has for itself, and that goes with it."""

    size_limit: Quantity = "10Gi"
    """A worker that writes more is evicted."""


def _is_whole(claim: Any) -> bool:
    return (claim.claim_name is not None) != (claim.size is not None)


class ClaimCache(ResourceModel):
    """A volume that all workers of the pool share and that outlives them.

    The operator makes the claim and deletes it with the pool, or with the resource; one of your own is kept.
    """

    size: Quantity | None = None
    """Size of the claim that is made. It may grow where the storage class allows that, and never shrinks."""
    storage_class_name: ObjectName | None = None
    """Class of the claim that is made. Absent: the cluster's default. It cannot be changed later."""
    access_modes: (
        Annotated[
            tuple[AccessMode, ...],
            Field(min_length=1, max_length=3, json_schema_extra={"x-kubernetes-list-type": "set"}),
        ]
        | None
    ) = None
    """What the claim allows, or what a claim of your own has. Default ReadWriteOnce: one worker."""
    claim_name: ObjectName | None = None
    """A claim of your own in the same namespace, instead of one that is made."""

    rules = (
        Rule(
            cel="has(self.size) != has(self.claimName)",
            message="set size for a claim that is made, or claimName for one of your own",
            holds=_is_whole,
        ),
        Rule(
            cel="!has(self.claimName) || !has(self.storageClassName)",
            message="storageClassName is for a claim that is made, not for one of your own",
            field="storageClassName",
            holds=lambda claim: claim.claim_name is None or claim.storage_class_name is None,
            blame="FieldValueForbidden",
        ),
    )

    @property
    def is_shared(self) -> bool:
        """Whether workers on several nodes may use it at a time."""
        return "ReadWriteMany" in (self.access_modes or ())


class ModelCacheSpec(ResourceModel):
    """Where workers keep the models that they have fetched: beside /tmp, all that they may write to."""

    type: Literal["EmptyDir", "PersistentVolumeClaim"]
    """EmptyDir: each worker fetches for itself. PersistentVolumeClaim: fetched once, for all."""
    empty_dir: EmptyDirCache | None = None
    """Settings of type EmptyDir."""
    persistent_volume_claim: ClaimCache | None = None
    """The volume, for type PersistentVolumeClaim."""
    mount_path: MountPath = "/models"
    """Where workers find it. Told to them as PARLEY_MODEL_CACHE, and as XDG_CACHE_HOME unless env says that."""

    rules = (
        Rule(
            cel="self.type == 'EmptyDir' || !has(self.emptyDir)",
            message="emptyDir may be set for type EmptyDir only",
            field="emptyDir",
            holds=lambda cache: cache.type == "EmptyDir" or cache.empty_dir is None,
            blame="FieldValueForbidden",
        ),
        Rule(
            cel="(self.type == 'PersistentVolumeClaim') == has(self.persistentVolumeClaim)",
            message="persistentVolumeClaim is required for type PersistentVolumeClaim, and for no other",
            field="persistentVolumeClaim",
            holds=lambda cache: (
                (cache.type == "PersistentVolumeClaim") == (cache.persistent_volume_claim is not None)
            ),
        ),
        Rule(
            cel="self.mountPath != '/tmp' && !self.mountPath.startsWith('/tmp/')",
            message="mountPath must be outside /tmp, which is memory and is not kept",
            field="mountPath",
            holds=lambda cache: cache.mount_path != "/tmp" and not cache.mount_path.startswith("/tmp/"),  # noqa: S108
        ),
    )
