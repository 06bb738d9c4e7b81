"""O7, O12: `parley history` lists revisions by their number, each with the time since which it has it."""

from __future__ import annotations

from typing import Any

from parley_cli.history import revisions_of

OWNER = {"kind": "VoiceDeployment", "name": "receptionist", "uid": "u1", "controller": True}
MORNING, NOON, EVENING = (f"2026-11-20T{hour}:00:00Z" for hour in ("09", "12", "18"))


def stored(number: int, name: str, *, made: str, written: str | None = None, uid: str = "u1") -> dict[str, Any]:
    """A ControllerRevision, as the API server has it."""
    entry = {"manager": "parley", "operation": "Apply", **({"time": written} if written else {})}
    other = {"manager": "somebody", "operation": "Update", "time": "2026-11-21T00:00:00Z"}
    return {
        "metadata": {
            "name": name,
            "creationTimestamp": made,
            "ownerReferences": [{**OWNER, "uid": uid}],
            "managedFields": [entry, other],
        },
        "revision": number,
        "data": {"spec": {}},
    }


def body(**status: str) -> dict[str, Any]:
    return {"metadata": {"uid": "u1"}, "status": status}


def test_o07_one_that_came_back_has_its_new_number_since_it_came_back() -> None:
    before = stored(2, "receptionist-b", made=NOON, written=NOON)
    again = stored(3, "receptionist-a", made=MORNING, written=EVENING)
    found = revisions_of(body(currentRevision="receptionist-a"), [again, before])
    assert [(one.number, one.since, one.marks) for one in found] == [(2, NOON, ()), (3, EVENING, ("current",))]


def test_o07_where_nobody_says_when_it_was_written_it_is_as_old_as_its_object() -> None:
    [found] = revisions_of(body(), [stored(1, "receptionist-a", made=MORNING)])
    assert found.since == MORNING


def test_o07_those_of_a_predecessor_of_the_same_name_are_not_its_own() -> None:
    assert revisions_of(body(), [stored(1, "receptionist-a", made=MORNING, uid="u0")]) == []
