"""The part of the gateway's configuration about the audio of sessions, and the volume that it is kept in."""

from __future__ import annotations

import math
from typing import Any

from parley_operator.api.quantities import canonical_quantity, parse_quantity
from parley_operator.api.recordings import RecordingsSpec
from parley_operator.render.paths import RECORDINGS_DIRECTORY
from parley_operator.render.said import duration, said


def recordings_config(recordings: RecordingsSpec) -> dict[str, Any]:
    """Where, for how long and how much."""
    folder = recordings.empty_dir
    return said(
        folder=RECORDINGS_DIRECTORY,
        retention_days=recordings.retention_days,
        longest=duration(recordings.max_duration),
        min_free=_bytes(recordings.min_free_space),
        most=_bytes(folder.size_limit) if folder else None,
    )


def recordings_volume(recordings: RecordingsSpec) -> dict[str, Any]:
    """The source of the pod's volume."""
    if recordings.persistent_volume_claim is not None:
        return {"persistentVolumeClaim": {"claimName": recordings.persistent_volume_claim.claim_name}}
    size = recordings.empty_dir.size_limit if recordings.empty_dir else None
    return {"emptyDir": said(sizeLimit=None if size is None else canonical_quantity(size))}


def _bytes(quantity: int | str | None) -> int | None:
    return None if quantity is None else math.ceil(parse_quantity(quantity))
