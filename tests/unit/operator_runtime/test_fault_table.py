"""docs/operator-faults.md and the tests name each other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
TESTS = ROOT / "tests" / "operator"
OF_FAULTS = (
    *("test_crashes.py", "test_crashes_of_everything.py", "test_faults.py", "test_outage.py"),
    "test_own_definition.py",
    *("test_rights_taken.py", "test_trouble.py", "test_upgrades.py"),
)
"""Files all of whose tests have a row."""


def written(file: str) -> set[str]:
    """The tests of a file."""
    tree = ast.parse((TESTS / file).read_text())
    names = (node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {f"{file}::{name}" for name in names if name.startswith("test_")}


def named() -> set[str]:
    """The tests that the table names."""
    table = (ROOT / "docs" / "operator-faults.md").read_text()
    return set(re.findall(r"`((?:kube/)?test_\w+\.py::\w+)` \|$", table, re.MULTILINE))


def test_o10_every_fault_of_the_table_is_a_test() -> None:
    there = {test for file in {name.partition("::")[0] for name in named()} for test in written(file)}
    assert named() <= there


def test_o10_every_test_of_a_fault_is_in_the_table() -> None:
    assert {test for file in OF_FAULTS for test in written(file)} <= named()
