"""The published JSON schema is the one of the models, and it means what they mean."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest

from parley_contract.codes import CloseCode, ErrorCode
from parley_contract.schema import protocol_schema, rendered
from parley_gateway.conversation.events import EndReason
from parley_gateway.protocols.closing import CLOSE_CODES

DOCS = Path(__file__).parents[3] / "docs"


def test_the_published_schema_is_current() -> None:
    published = (DOCS / "protocol.schema.json").read_text(encoding="utf-8")
    assert published == rendered(), "run: python -m parley_contract.schema > docs/protocol.schema.json"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(protocol_schema())


@pytest.mark.parametrize(
    ("message", "valid"),
    [
        ({"type": "session.start"}, True),
        ({"type": "text", "text": "hello"}, True),
        ({"type": "reply.audio", "seq": 3, "reply": 1, "offset_ms": 0}, True),
        ({"type": "text"}, False),
        ({"type": "playback", "reply": 0, "played_ms": 1}, False),
        ({"text": "no type"}, False),
        ({"type": "nonsense"}, False),
    ],
)
def test_the_schema_accepts_what_the_models_accept(message: dict[str, object], valid: bool) -> None:
    validator = jsonschema.Draft202012Validator(protocol_schema())
    assert validator.is_valid(message) is valid


def rows(first: str) -> dict[str, str]:
    """The rows of the prose's tables whose first cell matches, by what it matches."""
    prose = (DOCS / "protocol.md").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for name, rest in re.findall(rf"^\| ({first}) \|(.*)$", prose, re.MULTILINE):
        found[name] = found.get(name, "") + rest
    return found


def messages() -> dict[str, set[str]]:
    """The types of all messages, each with its fields."""
    found = {}
    for definition in protocol_schema()["$defs"].values():
        properties = definition.get("properties", {})
        if kind := properties.get("type", {}).get("const"):
            found[kind] = {*properties} - {"type", "seq"}
    return found


def test_the_prose_explains_every_message_and_no_other() -> None:
    explained = {name.strip("`") for name in rows(r"`[a-z]+(?:\.[a-z]+)?`")}
    assert {*messages()} - explained == set()
    assert {name for name in explained if "." in name} <= {*messages()}


def test_the_prose_names_every_field_of_a_message() -> None:
    explained = rows(r"`[a-z]+(?:\.[a-z]+)?`")
    missing = {
        kind: {name for name in fields if name not in explained[f"`{kind}`"]}
        for kind, fields in messages().items()
    }
    assert {kind: names for kind, names in missing.items() if names} == {}


def test_the_prose_explains_every_error_code() -> None:
    prose = (DOCS / "protocol.md").read_text(encoding="utf-8")
    assert [code for code in ErrorCode if f"| `{code}` |" not in prose] == []


def test_the_prose_explains_every_close_code_and_no_other() -> None:
    of_the_websocket_layer = {1007, 1011}
    assert {int(code) for code in rows(r"[14]\d{3}")} == {*map(int, CloseCode)} | of_the_websocket_layer


def test_every_reason_to_end_a_session_has_a_close_code_and_is_explained() -> None:
    assert {*CLOSE_CODES} == {*EndReason}
    closes = rows(r"[14]\d{3}")
    explained = {
        str(int(code)): reason for reason, code in CLOSE_CODES.items() if reason is not EndReason.CLIENT_GONE
    }
    assert [reason for code, reason in explained.items() if f"`{reason}`" not in closes[code]] == []
