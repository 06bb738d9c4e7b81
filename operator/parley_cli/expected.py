"""What a file should hold, and what it holds instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from parley_cli.documents import Document, UnreadableError
from parley_cli.positions import line_of
from parley_operator.api import API_VERSION, GROUP, KIND
from parley_operator.api.nearest import did_you_mean

_NAMED = 5
"""At most so many documents are named."""
_LONGEST = 40
"""Characters of a name that is shown."""


def is_ours(document: Document) -> bool:
    """Whether it is a VoiceDeployment, of whatever version."""
    return isinstance(document.value, dict) and document.value.get("kind") == KIND


def misnamed(file: Path, found: Iterable[Document]) -> list[UnreadableError]:
    """The documents that are of another kind, and were probably not meant to be."""
    return [
        UnreadableError(f"{file}:{line_of(one.node, 'kind')}", f"{_expected()}, not {_named(one)}{_nearest(one)}")
        for one in found
        if not is_ours(one) and (_is_of_our_group(one) or _nearest(one))
    ]


def missing(path: Path, found: Sequence[Document]) -> UnreadableError:
    """A file or folder in which no document is ours."""
    names = [_named(one) for one in found if one.value is not None]
    held = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    instead = f"only {held}" if held else "nothing at all"
    return UnreadableError(str(path), f"there is no {KIND} in it, {instead}; {_expected()}")


def _expected() -> str:
    return f"expected kind {KIND}, apiVersion {API_VERSION}"


def _is_of_our_group(document: Document) -> bool:
    value = document.value
    return isinstance(value, dict) and str(value.get("apiVersion", "")).partition("/")[0] == GROUP


def _nearest(document: Document) -> str:
    """Whether our kind was meant. In a group of somebody else's, such as a Deployment's, only of a slip."""
    kind = document.value.get("kind") if isinstance(document.value, dict) else None
    return did_you_mean(kind, [KIND], likeness=0.7 if _is_of_our_group(document) else 0.9)


def _named(document: Document) -> str:
    if not isinstance(document.value, dict):
        return "a document that is no object"
    kind, version = (document.value.get(name) for name in ("kind", "apiVersion"))
    return f"{_short(kind, 'no kind')} ({_short(version, 'no apiVersion')})"


def _short(value: Any, otherwise: str) -> str:
    if value is None:
        return otherwise
    text = "".join(letter if letter.isprintable() else "?" for letter in str(value)[: _LONGEST + 1])
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
