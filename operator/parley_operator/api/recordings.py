"""`spec.recordings`: where the audio of sessions is kept, for how long, and within which bounds."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.bounds import between
from parley_operator.api.quantities import parse_quantity
from parley_operator.api.values import Duration, ObjectName, Quantity

LEAST_SIZE = "64Mi"


class RecordingsClaim(ResourceModel):
    """A volume of your own, which outlives the pods. The operator neither makes nor deletes it."""

    claim_name: ObjectName
    """A PersistentVolumeClaim in the same namespace. All pods of the gateway mount it: unless they share a node,
    it must be ReadWriteMany. Several deployments may share it; each has a folder of its own."""


class RecordingsEmptyDir(ResourceModel):
    """A folder that each pod has for itself, and that goes with it: for a sidecar that ships files away."""

    size_limit: Quantity = "10Gi"
    """A pod that writes more is evicted, so recordings end when nine tenths are used. Default 10Gi."""

    rules = (
        Rule(
            cel="!has(self.sizeLimit) || "
            f"quantity(string(self.sizeLimit)).compareTo(quantity('{LEAST_SIZE}')) >= 0",
            message=f"sizeLimit must be at least {LEAST_SIZE}",
            field="sizeLimit",
            holds=lambda folder: parse_quantity(folder.size_limit) >= parse_quantity(LEAST_SIZE),
        ),
    )


class RecordingsSpec(ResourceModel):
    """The audio of each session, as a WAV file with the caller left and what the caller heard of the agent right.

    Ask your callers first: in many places recording without their consent is a crime.
    """

    persistent_volume_claim: RecordingsClaim | None = None
    """A volume of your own. Excludes emptyDir."""
    empty_dir: RecordingsEmptyDir | None = None
    """A folder of each pod. Excludes persistentVolumeClaim."""
    retention_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Days after which files are removed."""
    max_duration: Duration | None = None
    """So much of a session is recorded at most, up to 6h. Default 1h."""
    min_free_space: Quantity | None = None
    """What stays free of the volume: with less, recordings end and none begins. Default 256Mi."""

    rules = (
        Rule(
            cel="has(self.persistentVolumeClaim) != has(self.emptyDir)",
            message="set exactly one of persistentVolumeClaim and emptyDir",
            holds=lambda spec: (spec.persistent_volume_claim is None) != (spec.empty_dir is None),
        ),
        between("maxDuration", "max_duration", "10s", "6h"),
    )
