"""The published JSON schema is the one of the models, and it means what they mean."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from parley_contract.native import CLIENT_MESSAGE, SERVER_MESSAGE, CloseCode, ErrorCode
from parley_contract.schema import protocol_schema, rendered

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


def test_every_message_is_explained_in_the_prose() -> None:
    prose = (DOCS / "protocol.md").read_text(encoding="utf-8")
    types = [
        kind
        for adapter in (CLIENT_MESSAGE, SERVER_MESSAGE)
        for kind in adapter.json_schema()["discriminator"]["mapping"]
    ]
    assert [kind for kind in types if f"`{kind}" not in prose] == []


def test_every_code_is_explained_in_the_prose() -> None:
    prose = (DOCS / "protocol.md").read_text(encoding="utf-8")
    assert [code for code in ErrorCode if f"| `{code}` |" not in prose] == []
    assert [int(code) for code in CloseCode if f"| {int(code)} |" not in prose] == []
