"""Where in a file the fields of a resource stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

_STEP = re.compile(r"[^.\[\]]+|\[\d+\]")
_NAMED = re.compile(r"\b[a-z]\w*(?:\.\w+|\[\d+\])+")
"""What looks like a field in a sentence."""


def line_of(document: yaml.Node, path: str) -> int:
    """The line, from 1, of a field such as spec.endpoint.hosts[1]; of what surrounds it, where it is missing."""
    node, line = document, document.start_mark.line
    for step in _STEP.findall(path):
        found = _below(node, step)
        if found is None:
            break
        key, node = found
        line = key.start_mark.line
    return int(line) + 1


def line_of_first_field(document: yaml.Node, sentence: str) -> int:
    """The line of the first field that a sentence names, with or without its `spec.`; else the document's own."""
    top = line_of(document, "")
    lines = (line_of(document, path) for path in _paths(sentence) if _is_there(document, path))
    return next(lines, top)


def _paths(sentence: str) -> Iterator[str]:
    for path in _NAMED.findall(sentence):
        yield path if path.startswith("spec.") else f"spec.{path}"


def _is_there(document: yaml.Node, path: str) -> bool:
    node: yaml.Node | None = document
    for step in _STEP.findall(path)[:2]:
        found = _below(node, step) if node else None
        node = found[1] if found else None
    return node is not None


def _below(node: yaml.Node, step: str) -> tuple[yaml.Node, yaml.Node] | None:
    """What stands at a step: where it begins, and its value."""
    if isinstance(node, yaml.MappingNode):
        # Of a key that is there twice the last one counts.
        return next(((key, value) for key, value in reversed(node.value) if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and step.startswith("["):
        index = int(step[1:-1])
        return (node.value[index], node.value[index]) if index < len(node.value) else None
    return None
