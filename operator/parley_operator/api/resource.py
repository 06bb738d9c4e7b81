"""The VoiceDeployment as the API server stores it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError

from parley_operator.api.base import ResourceModel
from parley_operator.api.problems import InvalidResourceError, Problem, rule_problems, type_problems
from parley_operator.api.spec import VoiceDeploymentSpec
from parley_operator.api.status import VoiceDeploymentStatus
from parley_operator.api.values import ObjectName


class Metadata(ResourceModel):
    """What the operator reads of the object's metadata."""

    name: ObjectName
    namespace: str = "default"
    uid: str = ""
    """Empty for a resource that no API server has seen."""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)


class VoiceDeployment(ResourceModel):
    """A voice agent with everything it needs to be called: made, kept and upgraded by the Parley operator."""

    api_version: Annotated[Literal["parley.dev/v1alpha1"], Field(alias="apiVersion")]
    kind: Literal["VoiceDeployment"]
    metadata: Metadata
    spec: VoiceDeploymentSpec
    """What is wanted."""
    status: VoiceDeploymentStatus = VoiceDeploymentStatus()
    """What the operator saw and did."""

    @classmethod
    def parse(cls, document: Any) -> Self:
        """Reads a resource from the API server or from a file, tolerant of fields that this release does not know.

        A status that cannot be read counts as empty: it is the operator's own and is written anew.

        Raises:
            InvalidResourceError: with every problem found, each with its path.
        """
        if not isinstance(document, Mapping):
            raise InvalidResourceError([Problem("", "must be an object with apiVersion, kind, metadata and spec")])
        readable = {**document, "status": _readable_status(document.get("status"))}
        try:
            # JSON, because pydantic's strict mode takes objects and timestamps from JSON but not from Python.
            resource = cls.model_validate_json(json.dumps(readable, default=str))
        except ValidationError as error:
            raise InvalidResourceError(type_problems(error)) from None
        if problems := list(rule_problems(resource)):
            raise InvalidResourceError(problems, rules_checked=True)
        return resource


def _readable_status(status: Any) -> dict[str, Any]:
    try:
        VoiceDeploymentStatus.model_validate_json(json.dumps(status, default=str))
    except ValidationError:
        return {}
    return dict(status)
