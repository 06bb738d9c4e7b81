"""From what a spec says to what a configuration says: only what is there, in the gateway's units."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from parley_operator.api.durations import seconds
from parley_operator.api.references import SecretSource
from parley_operator.api.tools import SecretHeader
from parley_operator.render.paths import secret_file
from parley_operator.render.references import ValueId


def said(**fields: Any) -> dict[str, Any]:
    """The fields that are there: what is absent keeps the gateway's own default."""
    return {name: value for name, value in fields.items() if value is not None}


def duration(text: str | None) -> float | None:
    """Seconds."""
    return None if text is None else seconds(text)


def milliseconds(text: str | None) -> int | None:
    """Milliseconds."""
    return None if text is None else round(seconds(text) * 1000)


def decimal(text: str | None) -> float | None:
    """A number that the spec has as text, since YAML's floats are nobody's friends."""
    return None if text is None else float(text)


def source_file(source: SecretSource) -> str:
    """Where the gateway finds a Secret's value."""
    ref = source.secret_key_ref
    return secret_file(ValueId("Secret", ref.name, ref.key))


def secret_files(sources: Iterable[SecretSource]) -> list[str]:
    """Where the gateway finds the values of Secrets."""
    return [source_file(source) for source in sources]


def header_files(headers: Iterable[SecretHeader] | None) -> dict[str, str] | None:
    """Headers, and where the gateway finds their values."""
    return {header.name: source_file(header.value_from) for header in headers} if headers else None
