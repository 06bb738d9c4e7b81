"""What the benchmark makes of its measurements."""

from __future__ import annotations

import pytest

from tests.bench.rows import Row
from tests.bench.search import Most, most


async def search(held: int, *, start: int, tries: int = 5) -> tuple[Most, list[int]]:
    tried: list[int] = []

    async def holds(sessions: int) -> bool:
        tried.append(sessions)
        return sessions <= held

    return await most(holds, start=start, step=10, tries=tries), tried


@pytest.mark.parametrize(
    ("held", "tried", "found"),
    [
        (45, [40, 50], Most(40, bounded=True)),
        (65, [40, 50, 60, 70], Most(60, bounded=True)),
        (25, [40, 30, 20], Most(20, bounded=True)),
        (5, [40, 30, 20, 10], Most(0, bounded=True)),
        (500, [40, 50, 60, 70, 80], Most(80, bounded=False)),
    ],
)
async def test_the_search_ends_between_what_holds_and_what_does_not(
    held: int, tried: list[int], found: Most
) -> None:
    assert await search(held, start=40) == (found, tried)


@pytest.mark.parametrize(
    ("theirs", "ours", "required", "more", "met"),
    [
        (40.0, 160.0, 4.0, True, True),
        (40.0, 150.0, 4.0, True, False),
        (17.7, 4.4, 0.25, False, True),
        (17.7, 5.0, 0.25, False, False),
        (17.7, 5.0, None, False, None),
        (None, 5.0, 0.25, False, None),
        (0.0, 160.0, 4.0, True, None),
    ],
)
def test_a_row_is_met_by_its_ratio(
    theirs: float | None, ours: float, required: float | None, more: bool, met: bool | None
) -> None:
    assert Row("something", theirs, ours, "ms", required, more_is_better=more).met is met
