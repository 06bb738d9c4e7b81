"""The arguments of a call, as a model wrote them: checked before anything is done with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match
from referencing import Registry

from parley_gateway.tools.function import BadArgumentsError

_LONGEST_COMPLAINT = 500


class Arguments:
    """What one function takes."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """`schema`: JSON schema of an object. Raises ValueError for what is no schema."""
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            where = "/".join(map(str, error.absolute_path)) or "its root"
            raise ValueError(f"the parameters are no JSON schema: see {where}") from None
        # A registry of its own: references are never fetched from anywhere.
        self._validator = Draft202012Validator(dict(schema), registry=Registry())

    def parse(self, text: str) -> dict[str, Any]:
        """The arguments. Raises BadArgumentsError."""
        try:
            arguments = orjson.loads(text)
        except ValueError:
            raise BadArgumentsError("The arguments are no JSON.") from None
        if not isinstance(arguments, dict):
            raise BadArgumentsError("The arguments are no JSON object.")
        try:
            error = best_match(self._validator.iter_errors(arguments))
        except Exception:  # noqa: BLE001 - a reference that leads nowhere: the other side has the last word
            return arguments
        if error is not None:
            where = ".".join(map(str, error.absolute_path))
            complaint = f"{where}: {error.message}" if where else error.message
            raise BadArgumentsError(f"The arguments do not fit: {complaint[:_LONGEST_COMPLAINT]}")
        return arguments
