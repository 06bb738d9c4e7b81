"""The JSON schema of the native protocol, for clients in other languages: `python -m parley_contract.schema`."""

from __future__ import annotations

import json
import sys
from typing import Any

from pydantic import TypeAdapter

from parley_contract import native
from parley_contract.versions import SUBPROTOCOL

_REF = "#/$defs/{model}"


def protocol_schema() -> dict[str, Any]:
    """One schema with every message under `$defs`, and two unions: `ClientMessage` and `ServerMessage`."""
    client = TypeAdapter(native.ClientMessage).json_schema(ref_template=_REF)
    server = TypeAdapter(native.AnyServerMessage).json_schema(ref_template=_REF)
    definitions = dict(sorted({**client.pop("$defs"), **server.pop("$defs")}.items()))
    for definition in definitions.values():
        _require_type(definition)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Messages of {SUBPROTOCOL}",
        "anyOf": [{"$ref": "#/$defs/ClientMessage"}, {"$ref": "#/$defs/ServerMessage"}],
        "$defs": {**definitions, "ClientMessage": client, "ServerMessage": server},
    }


def _require_type(definition: dict[str, Any]) -> None:
    """The models give `type` a default for those who build messages; on the wire it is never left out."""
    if "type" in definition["properties"]:
        definition["required"] = ["type", *definition.get("required", [])]


def rendered() -> str:
    """The schema as the text of docs/protocol.schema.json."""
    return json.dumps(protocol_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(rendered())
