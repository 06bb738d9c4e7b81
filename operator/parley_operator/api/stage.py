"""What the stages of a pipeline have in common: a provider, its keys, its address, its bounds."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.alias_generators import to_camel

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.references import SecretSource
from parley_operator.api.values import BaseUrl, ModelName, ObjectName

ApiKeys = Annotated[
    tuple[SecretSource, ...],
    Field(min_length=1, max_length=16, json_schema_extra={"x-kubernetes-list-type": "atomic"}),
]
FALLBACKS = Field(
    min_length=1,
    max_length=4,
    json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
)


class Stage(ResourceModel):
    """What all stages have in common."""

    provider: str
    model: ModelName | None = None
    """The provider's name of the model."""
    api_keys: ApiKeys | None = None
    """Where the provider's API keys are; requests are spread over those that work. A new key rolls the pods."""
    base_url: Annotated[BaseUrl | None, Field(alias="baseURL")] = None
    """Address to use instead of the provider's own: a proxy, a region, a compatible server."""
    requests_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Requests a minute that each key allows; more wait their turn. Absent: as many as the provider takes."""
    concurrent_requests: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Requests at a time that each key allows; more wait their turn. Absent: as many as the provider takes."""


class Fallback(ResourceModel):
    """What takes a stage's place while the providers before it are in trouble."""

    name: ObjectName
    """Name of this fallback within its list."""


_KEYLESS = ("Embedded", "OpenAICompatible", "WorkerPool")
KEY_REQUIRED = Rule(
    cel="self.provider in ['Embedded', 'OpenAICompatible', 'WorkerPool'] || has(self.apiKeys)",
    message="apiKeys is required for this provider: name the Secret and the key that hold its API key",
    field="apiKeys",
    holds=lambda stage: stage.provider in _KEYLESS or stage.api_keys is not None,
    blame="FieldValueRequired",
)
KEY_FORBIDDEN = Rule(
    cel="self.provider != 'Embedded' || !has(self.apiKeys)",
    message="provider Embedded takes no apiKeys: it runs in the gateway itself",
    field="apiKeys",
    holds=lambda stage: stage.provider != "Embedded" or stage.api_keys is None,
    blame="FieldValueForbidden",
)
ADDRESS_REQUIRED = Rule(
    cel="self.provider != 'OpenAICompatible' || has(self.baseURL)",
    message="baseURL is required for provider OpenAICompatible: the address of your server, such as "
    "http://litellm:4000/v1",
    field="baseURL",
    holds=lambda stage: stage.provider != "OpenAICompatible" or stage.base_url is not None,
    blame="FieldValueRequired",
)
NO_REMOTE_SETTINGS = Rule(
    cel="self.provider != 'Embedded' || (!has(self.model) && !has(self.baseURL))",
    message="provider Embedded takes neither model nor baseURL: it runs in the gateway itself",
    holds=lambda stage: stage.provider != "Embedded" or (stage.model is None and stage.base_url is None),
    blame="FieldValueForbidden",
)
NO_REMOTE_BOUNDS = Rule(
    cel="self.provider != 'Embedded' || (!has(self.requestsPerMinute) && !has(self.concurrentRequests))",
    message="provider Embedded takes neither requestsPerMinute nor concurrentRequests: it has no keys",
    holds=lambda stage: (
        stage.provider != "Embedded" or (stage.requests_per_minute is None and stage.concurrent_requests is None)
    ),
    blame="FieldValueForbidden",
)
STAGE_RULES = (KEY_REQUIRED, KEY_FORBIDDEN, ADDRESS_REQUIRED, NO_REMOTE_SETTINGS, NO_REMOTE_BOUNDS)


def _cel_list(names: tuple[str, ...]) -> str:
    return "[" + ", ".join(f"'{name}'" for name in names) + "]"


def required_for(attribute: str, *providers: str, example: str) -> Rule:
    """A field without which these providers cannot work."""
    field = to_camel(attribute)
    return Rule(
        cel=f"!(self.provider in {_cel_list(providers)}) || has(self.{field})",
        message=f"{field} is required for this provider, for example {example}",
        field=field,
        holds=lambda stage: stage.provider not in providers or getattr(stage, attribute) is not None,
        blame="FieldValueRequired",
    )


def only_for(attribute: str, *providers: str, alias: str | None = None) -> Rule:
    """A field that other providers do not understand."""
    field = alias or to_camel(attribute)
    return Rule(
        cel=f"self.provider in {_cel_list(providers)} || !has(self.{field})",
        message=f"{field} may be set for provider {' or '.join(providers)} only",
        field=field,
        holds=lambda stage: stage.provider in providers or getattr(stage, attribute) is None,
        blame="FieldValueForbidden",
    )


POOL_RULES = (
    only_for("worker_pool", "WorkerPool"),
    Rule(
        cel="self.provider != 'WorkerPool' || has(self.workerPool)",
        message="workerPool is required for this provider: name one of spec.workerPools",
        field="workerPool",
        holds=lambda stage: stage.provider != "WorkerPool" or stage.worker_pool is not None,
        blame="FieldValueRequired",
    ),
    Rule(
        cel="self.provider != 'WorkerPool' || !has(self.baseURL)",
        message="provider WorkerPool takes no baseURL: it is reached by the pool's own Service",
        field="baseURL",
        holds=lambda stage: stage.provider != "WorkerPool" or stage.base_url is None,
        blame="FieldValueForbidden",
    ),
)
"""For the stages that a worker pool can serve."""
