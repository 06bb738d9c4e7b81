"""Differences between two states of objects, as text in the unified form."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

import click

from parley_operator.api.yaml_text import as_yaml

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """One text for each name whose object is new, gone or different; names in their order, new ones last."""
    names = [*before, *(name for name in after if name not in before)]
    texts = (_unified(name, _text(before.get(name)), _text(after.get(name))) for name in names)
    return [text for text in texts if text]


def _text(value: Any) -> list[str]:
    return [] if value is None else as_yaml(value).splitlines()


def _unified(name: str, before: list[str], after: list[str]) -> str:
    return "\n".join(difflib.unified_diff(before, after, f"{name} (now)", f"{name} (then)", lineterm="", n=2))


def coloured(texts: Iterable[str]) -> str:
    """The same for a terminal."""
    lines = (line for text in texts for line in text.splitlines())
    return "\n".join(click.style(line, fg=_COLOURS.get(line[:1])) for line in lines)
