"""What every part of the resource is: immutable, in camelCase, tolerant of unknown fields, with its own rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

Blame = Literal["FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired"]


@dataclass(frozen=True)
class Rule:
    """A condition between fields, said twice: in CEL for the API server, in Python for work without one.

    Both say the same thing: the examples in the tests are given to both.
    """

    cel: str
    message: str
    field: str = ""
    """The field to blame, relative to the model, in the resource's spelling; empty blames the model itself."""
    holds: Callable[[Any], bool] | None = None
    """The same in Python; None for a rule about a change, which only the API server sees."""
    blame: Blame = "FieldValueInvalid"

    def as_validation(self) -> dict[str, str]:
        """The rule as an entry of `x-kubernetes-validations`."""
        validation = {"rule": self.cel, "message": self.message, "reason": self.blame}
        if self.field:
            validation["fieldPath"] = f".{self.field}"
        return validation


def starts_with_any(subject: str, prefixes: tuple[str, ...]) -> str:
    """Whether a text begins with one of `prefixes`, in CEL."""
    return " || ".join(f"{subject}.startsWith('{prefix}')" for prefix in prefixes)


class ResourceModel(BaseModel):
    """A part of a VoiceDeployment.

    Unknown fields are ignored, so that an operator reads what a newer one stored; the API server has already
    refused or pruned what nobody knows. Attribute docstrings become the CRD's descriptions.
    """

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        strict=True,
        alias_generator=to_camel,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )

    rules: ClassVar[tuple[Rule, ...]] = ()

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Adds the model's rules to its schema."""
        schema = handler(core_schema)
        if cls.rules:
            body = handler.resolve_ref_schema(schema)
            body["x-kubernetes-validations"] = [rule.as_validation() for rule in cls.rules]
        return schema
