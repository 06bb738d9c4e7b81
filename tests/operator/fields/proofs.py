"""The table of all fields with what proves their effect, as docs/reference/fields.md has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.operator.fields.gateway import shown_by
from tests.operator.fields.row import ABSENT, Row
from tests.operator.fields.schema import fields, leaves_of
from tests.operator.fields.tables import all_rows

FILE = Path("docs") / "reference" / "fields.md"
SERVER = "tests/operator/test_fields.py"

_HEAD = """# What each field changes, and the test that proves it

<!-- Generated from tests/operator/fields by `python -m tests.proofs`; do not edit. -->

Each line is a test on a real API server (`{server}`): a resource is stored with its children, this one
field is changed, and the children as the server would then store them (by dry runs, with all its checks and
defaults) differ in exactly these places. `pod` is the pod template, `secrets` are the files in it that come from
Secrets, `config` is the gateway's configuration, and `agent` the agent's text, which a running gateway reads
anew. A change of `pod`, `secrets` or `config` replaces the pods one at a time; any other leaves them alone. Where
the gateway is what acts, its own tests are named. Of the {number} fields none is without a line:
`tests/unit/operator/test_fields.py` sees to it.
"""


def proven(row: Row) -> set[str]:
    """The fields that a row speaks of: all that it sets, where a block is taken as it stands."""
    return leaves_of(row.then, row.path) & set(fields()) if row.is_copied else {row.path}


def as_markdown() -> str:
    """The whole table, in the order of the CRD."""
    known = fields()
    places = {path: number for number, path in enumerate(known)}
    rows = sorted(all_rows(), key=lambda row: min(places[path] for path in proven(row)))
    head = _HEAD.format(server=SERVER, number=len(known))
    return "\n".join([head, "| field | changes | shown by |", "|---|---|---|", *map(_line, rows)]) + "\n"


def _line(row: Row) -> str:
    tests = "<br>".join(f"`{test}`" for test in sorted(_tests(row)))
    more = len(proven(row)) - 1
    whole = f" and all {more + 1} fields in it, taken as they stand" if more else ""
    return f"| `{row.path}`{whole} | {'<br>'.join(_changes(row))} | {tests} |"


def _changes(row: Row) -> Iterator[str]:
    if row.refused:
        yield "is refused where it may not be"
    for place, value in row.changes.items():
        yield f"no `{_escaped(place)}`" if value is ABSENT else f"`{_escaped(place)}`"
    if not row.changes and not row.refused:
        yield "no child"


def _tests(row: Row) -> set[str]:
    return {test for place in row.changes for test in shown_by(place)} | set(row.tests)


def _escaped(place: str) -> str:
    return place.replace("|", "\\|")
