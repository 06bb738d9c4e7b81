"""The documents of a YAML file, each with its lines; a key that is there twice is refused, as kubectl does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.reader import ReaderError

_MERGE = "tag:yaml.org,2002:merge"


class UnreadableError(Exception):
    """A file, or a part of it, that cannot be read; says where and why."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}")
        self.place = place
        """FILE:LINE, or FILE where it is the file as a whole."""
        self.message = message


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file."""

    node: yaml.Node
    """With its lines."""
    value: Any
    """What it says; of a key that is there twice, the last."""
    repeated: tuple[Repeated, ...]
    """The keys that are there twice."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """A key that is there again."""

    path: str
    line: int
    first_line: int
    """Where it is for the first time."""


def documents(path: Path) -> list[Document]:
    """All of a file ("-": standard input). Raises UnreadableError."""
    text = _text(path)
    try:
        return [_document(node) for node in yaml.compose_all(text, yaml.SafeLoader)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # What is never closed is missed behind the last line.
        place = f"{path}:{min(mark.line + 1, len(text.splitlines()))}" if mark else str(path)
        raise UnreadableError(place, _explained(error)) from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise UnreadableError(
            f"{path}:{line}", "has a control character, which YAML does not take: remove it"
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise UnreadableError(str(path), "is nested too deeply: is it the right file?") from error


def _text(path: Path) -> str:
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except OSError as error:
        raise UnreadableError(str(path), str(error.strerror)) from error
    except UnicodeDecodeError as error:
        raise UnreadableError(str(path), "is no text in UTF-8: save it as such, or name another file") from error


class _Loader(yaml.SafeLoader):
    """Says also of a value that looks like a date, or is tagged as one, and is none, where it stands."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """The value of a node."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, TypeError, OverflowError) as error:
            problem = "looks like a date or a number, and is none"
            raise ConstructorError(None, None, problem, node.start_mark) from error


def _document(node: yaml.Node) -> Document:
    # Before it is loaded: loading writes what is merged by << among a mapping's own keys.
    repeated = tuple(_repeated(node, "", set()))
    return Document(node, _Loader("").construct_document(node), repeated)


def _repeated(node: yaml.Node, path: str, seen: set[int]) -> Iterator[Repeated]:
    if id(node) in seen:  # An alias: said where the anchor is.
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _repeated(item, f"{path}[{index}]", seen)
    if not isinstance(node, yaml.MappingNode):
        return
    lines: dict[str, int] = {}
    for key, value in node.value:
        below = path
        if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
            below = f"{path}.{key.value}" if path else str(key.value)
            line = key.start_mark.line + 1
            if key.value in lines:
                yield Repeated(below, line, lines[key.value])
            lines.setdefault(key.value, line)
        yield from _repeated(value, below, seen)


_REMEDIES = (
    ("'\\t'", "indent with spaces, not tabs"),
    ("mapping values are not allowed", 'mend the indentation, or quote a text that has ": " in it'),
    ("end of stream", "close the quote or the bracket"),
    ("stream end", "close the quote or the bracket"),
    ("expected ',' or", "close the bracket, or put a comma between the items"),
    ("could not find expected ':'", 'write "name: value", or quote a text of several lines'),
    ("undefined alias", "define the anchor (&) before its alias (*)"),
    ("constructor for the tag", "remove the tag (!), or quote the text"),
    ("is none", "quote it if it is a text"),
    ("cannot start any token", "quote a text that begins with such a character"),
    ("unhashable key", "quote a text in braces, as templates have them"),
)
"""What to do, by what the parser says; the first that fits."""


def _explained(error: yaml.MarkedYAMLError) -> str:
    """One line: what the parser met, where that began, and what to do."""
    problem = " ".join(str(error.problem or error.context).split())
    began = ""
    if error.context and error.context_mark and error.problem_mark:
        if error.context_mark.line != error.problem_mark.line:
            began = f" {error.context}, begun on line {error.context_mark.line + 1}"
        else:
            began = f" {error.context}"
    remedies = (remedy for said, remedy in _REMEDIES if said in problem)
    return f"is no YAML: {problem}{began}: {next(remedies, 'mend the indentation of this line or the one before')}"
