"""Differences between two states of objects, as text in the unified form."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

import click

from parley_operator.api.yaml_text import as_yaml

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], *, names: tuple[str, str] = ("now", "then")
) -> list[str]:
    """One text for each key whose value is new, gone or different; keys in their order, new ones last.

    `names` are of the two states.
    """
    keys = [*before, *(key for key in after if key not in before)]
    texts = (_unified(key, names, _text(before.get(key)), _text(after.get(key))) for key in keys)
    return [text for text in texts if text]


def _text(value: Any) -> list[str]:
    return [] if value is None else as_yaml(value).splitlines()


def _unified(key: str, names: tuple[str, str], before: list[str], after: list[str]) -> str:
    old, new = (f"{key} ({name})" for name in names)
    return "\n".join(difflib.unified_diff(before, after, old, new, lineterm="", n=2))


def coloured(texts: Iterable[str]) -> str:
    """The same for a terminal."""
    lines = (line for text in texts for line in text.splitlines())
    return "\n".join(click.style(line, fg=_COLOURS.get(line[:1])) for line in lines)
