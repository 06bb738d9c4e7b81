"""Every field of the CRD has its row, every row its field, and every test that a row names exists."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.operator.fields.gateway import SHOWN, is_the_gateways, shown_by
from tests.operator.fields.proofs import FILE, as_markdown, proven
from tests.operator.fields.row import Row
from tests.operator.fields.schema import fields
from tests.operator.fields.tables import all_rows

ROOT = Path(__file__).parents[3]
ROWS = all_rows()


@cache
def names_in(file: str) -> frozenset[str]:
    """The names of a file's tests, with their classes."""
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    body = ast.parse(path.read_text(encoding="utf-8")).body
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    plain = {one.name for one in body if isinstance(one, functions)}
    classes = [one for one in body if isinstance(one, ast.ClassDef)]
    return frozenset(
        plain | {f"{one.name}::{two.name}" for one in classes for two in one.body if isinstance(two, functions)}
    )


def exists(test: str) -> bool:
    file, _, name = test.partition("::")
    return name.rpartition("::")[2].startswith("test_") and name in names_in(file)


def test_o01_no_field_is_without_a_proof() -> None:
    missing = set(fields()) - set().union(*map(proven, ROWS))
    assert not missing, f"add rows to tests/operator/fields/tables: {sorted(missing)}"


def test_o01_no_proof_is_of_a_field_that_is_not_there() -> None:
    assert {row.path for row in ROWS if not proven(row)} == set()
    unknown = set().union(*map(proven, ROWS)) - set(fields())
    assert not unknown, sorted(unknown)


def test_o01_no_field_is_proven_twice() -> None:
    paths = [row.path for row in ROWS]
    assert sorted({path for path in paths if paths.count(path) > 1}) == []


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_o01_each_row_shows_an_effect(row: Row) -> None:
    """What only the gateway reads is shown by a test of the gateway's; what changes no child, by another test."""
    assert all(exists(test) for test in row.tests), row.tests
    assert row.changes or row.refused or row.tests
    gateways = [place for place in row.changes if is_the_gateways(place)]
    unshown = [place for place in gateways if not shown_by(place)]
    assert not unshown or row.tests, f"add to tests/operator/fields/gateway.py: {unshown}"


@pytest.mark.parametrize("setting", SHOWN)
def test_o01_each_setting_of_the_gateway_is_shown_by_tests_that_exist(setting: str) -> None:
    assert [test for test in SHOWN[setting] if not exists(test)] == []


def test_o01_no_test_is_named_for_a_setting_that_no_field_has() -> None:
    places = {place for row in ROWS for place in row.changes if is_the_gateways(place)}
    needed = {tests for place in places for tests in [shown_by(place)]}
    assert [setting for setting, tests in SHOWN.items() if tests not in needed] == []


def test_the_table_in_the_docs_is_the_one_that_was_proven() -> None:
    written = (ROOT / FILE).read_text(encoding="utf-8")
    assert written == as_markdown(), "run `python -m tests.proofs`"
