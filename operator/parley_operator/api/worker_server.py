"""What the server in a worker runs with: variables, resources, models in memory, and when it counts as serving."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.bounds import between
from parley_operator.api.environment import Variable, unreserved
from parley_operator.api.pod import REQUESTS_FIT, Quantities
from parley_operator.api.quantities import parse_quantity
from parley_operator.api.values import Duration, UrlPath

OWN_VARIABLES = "PARLEY_"
"""Prefix of the variables that the operator itself gives to workers."""

Argument = Annotated[str, Field(max_length=4096)]
Arguments = Annotated[
    tuple[Argument, ...], Field(max_length=64, json_schema_extra={"x-kubernetes-list-type": "atomic"})
]


class WorkerVariable(Variable):
    """A variable for the workers. Its value may name others, as in $(PARLEY_MODEL_CACHE)."""

    rules = (
        *Variable.rules,
        unreserved((OWN_VARIABLES,), "names that begin with PARLEY_ are written by the operator"),
    )


def _devices_are_whole(resources: Any) -> bool:
    limits = resources.limits or {}
    return all(parse_quantity(amount) % 1 == 0 for name, amount in limits.items() if "/" in name)


class WorkerResourcesSpec(ResourceModel):
    """CPU, memory and devices of a worker; what is not said keeps its default."""

    requests: Quantities | None = None
    """What a worker is sure to get. Default cpu 500m and memory 1Gi."""
    limits: Quantities | None = None
    """What a worker gets at most. Default cpu 4 and memory 4Gi. Devices, such as nvidia.com/gpu, are said here."""

    rules = (
        REQUESTS_FIT,
        Rule(
            cel="!has(self.requests) || self.requests.all(name, !name.contains('/'))",
            message="devices, such as nvidia.com/gpu, are said in limits alone: a part of one cannot be asked for",
            field="requests",
            holds=lambda resources: not any("/" in name for name in resources.requests or ()),
            blame="FieldValueForbidden",
        ),
        Rule(
            cel="!has(self.limits) || self.limits.all(name, !name.contains('/') || "
            "quantity(string(self.limits[name])).isInteger())",
            message="devices are counted in whole numbers",
            field="limits",
            holds=_devices_are_whole,
        ),
    )


class WorkerProbeSpec(ResourceModel):
    """How it is known that a worker serves."""

    path: UrlPath | None = None
    """Answered with 2xx once the worker serves. Absent: that its port takes connections is enough."""
    startup_timeout: Duration = "30m"
    """How long a worker may take to fetch and load its models before it is started anew, 10s to 6h."""

    rules = (between("startupTimeout", "startup_timeout", "10s", "6h"),)


class WorkerModelsSpec(ResourceModel):
    """How many models stay in memory, for how long. Told to workers in variables, which the image has to heed."""

    max_resident: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Most models in memory at a time: PARLEY_MODELS_MAX_RESIDENT."""
    ttl: Duration | None = None
    """How long a model that nobody uses stays in memory, up to 168h: PARLEY_MODELS_TTL_SECONDS."""

    rules = (between("ttl", "ttl", "1s", "168h"),)
