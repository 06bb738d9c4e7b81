"""What a worker is told in variables: where its models are, how many to keep, and what the spec adds."""

from __future__ import annotations

import math
from typing import Any

from parley_operator.api.durations import seconds
from parley_operator.api.worker_pools import WorkerPoolSpec
from parley_operator.api.worker_server import WorkerModelsSpec

DEFAULT_MOUNT_PATH = "/models"
HOME = "/tmp"  # noqa: S108 - the pod's own tmpfs; the image's home is read-only


def cache_path(pool: WorkerPoolSpec) -> str:
    """Where the model cache is mounted."""
    return pool.model_cache.mount_path if pool.model_cache else DEFAULT_MOUNT_PATH


def worker_environment(pool: WorkerPoolSpec) -> list[dict[str, Any]]:
    """All variables, the operator's own first, so that those of the spec may name them as $(NAME).

    HOME and XDG_CACHE_HOME are where programs write unless told otherwise, and would be on the read-only root.
    """
    models = pool.models or WorkerModelsSpec()
    own = {
        "PARLEY_PORT": str(pool.port),
        "PARLEY_MODEL_CACHE": cache_path(pool),
        "PARLEY_MODELS_MAX_RESIDENT": None if models.max_resident is None else str(models.max_resident),
        "PARLEY_MODELS_TTL_SECONDS": None if models.ttl is None else str(math.ceil(seconds(models.ttl))),
        "XDG_CACHE_HOME": cache_path(pool),
        "HOME": HOME,
    }
    said = [variable.model_dump(mode="json", by_alias=True, exclude_none=True) for variable in pool.env or ()]
    names = {variable["name"] for variable in said}
    given = [
        {"name": name, "value": value} for name, value in own.items() if value is not None and name not in names
    ]
    return [*given, *said]
