"""O12: a command that is suggested names the namespace, wherever that is known: it can be pasted as it stands."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import parley_cli
from parley_cli.suggested import suggested, within

SOURCE = Path(parley_cli.__path__[0])
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


def test_o12_the_operators_words_get_the_namespace_and_prose_stays() -> None:
    assert within("voice", "Run kubectl describe pod a, or kubectl logs a.") == (
        "Run kubectl -n voice describe pod a, or kubectl -n voice logs a."
    )
    for said in ("One of `kubectl get ingressclasses`.", "kubectl -n voice describe pod a"):
        assert within("voice", said) == said


def test_o12_no_command_about_a_named_thing_goes_without_its_namespace() -> None:
    said = [text for file in sorted(SOURCE.rglob("*.py")) for text in spoken(file)]
    assert [text for text in said if _OF_ONE.search(text)] == []
