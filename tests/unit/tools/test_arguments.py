"""Arguments as models write them, against JSON schemas as people write them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.tools.arguments import Arguments
from parley_gateway.tools.function import BadArgumentsError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.text())
def test_whatever_a_model_writes_is_an_object_or_a_complaint(text: str) -> None:
    with suppress(BadArgumentsError):
        assert isinstance(Arguments({"type": "object"}).parse(text), dict)


def test_a_complaint_says_where() -> None:
    schema = {"type": "object", "properties": {"when": {"properties": {"hour": {"maximum": 23}}}}}
    with pytest.raises(BadArgumentsError, match=r"when\.hour: 25 is greater"):
        Arguments(schema).parse('{"when": {"hour": 25}}')


def test_a_reference_that_leads_elsewhere_is_not_followed() -> None:
    schema = {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:1/schema"}}}
    assert Arguments(schema).parse('{"a": 1}') == {"a": 1}


@pytest.mark.parametrize("schema", [{"type": "objekt"}, {"properties": 5}, {"required": "people"}])
def test_what_is_no_schema_is_said(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no JSON schema"):
        Arguments(schema)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_what_fits_comes_through_as_it_was_written(arguments: dict[str, Any]) -> None:
    assert Arguments({"type": "object"}).parse(orjson.dumps(arguments).decode()) == arguments
