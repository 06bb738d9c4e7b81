"""O12: a command that is suggested names the namespace, wherever that is known: it can be pasted as it stands."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from types import ModuleType

import pytest

import parley_cli
import parley_operator
from parley_cli.suggested import suggested

_OF_ONE = re.compile(r"`parley [a-z]+ \{|\bkubectl (?!-n )[a-z]+ [^`]*\{")
"""A command about something whose name is put in, and no namespace."""


def spoken(file: Path) -> list[str]:
    """The f-strings of a file, what they put in as braces."""
    found = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.JoinedStr)]
    return [
        "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in one.values)
        for one in found
    ]


def test_o12_a_command_of_this_program() -> None:
    assert suggested("status", "receptionist", namespace="voice") == "`parley -n voice status receptionist`"
    assert suggested("sessions", namespace="voice") == "`parley -n voice sessions`"


@pytest.mark.parametrize("package", [parley_cli, parley_operator], ids=lambda package: package.__name__)
def test_o12_no_command_about_a_named_thing_goes_without_its_namespace(package: ModuleType) -> None:
    said = [text for file in sorted(Path(package.__path__[0]).rglob("*.py")) for text in spoken(file)]
    assert [text for text in said if _OF_ONE.search(text)] == []
