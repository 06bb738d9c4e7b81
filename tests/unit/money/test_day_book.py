"""Spending of a day, on its way to what all pods share: nothing twice, nothing lost."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.state.day_book import DayBook
from parley_gateway.state.shared import Posting, Purse

MONDAY = date(2026, 11, 23)
MICRO = Decimal("0.000001")


class Clock:
    """A day that tests move on."""

    def __init__(self) -> None:
        self.day = MONDAY

    def __call__(self) -> date:
        return self.day


def test_g06_spending_counts_at_once_and_leaves_as_one_posting() -> None:
    book = DayBook(Clock())
    book.spend("anna", Decimal("0.5"))
    book.spend("anna", Decimal("0.25"))
    (posting,) = book.postings()
    assert (posting.purse, posting.micros) == (Purse("anna", MONDAY), 750_000)
    assert book.spent("anna") == Decimal("0.75")


def test_g06_a_posting_is_sent_again_unchanged_until_it_has_arrived() -> None:
    book = DayBook(Clock())
    book.spend("anna", Decimal(1))
    first = book.postings()
    book.spend("anna", Decimal(2))
    assert book.postings() == first
    book.posted(first[0], 1_000_000)
    (second,) = book.postings()
    assert (second.number, second.micros) == (first[0].number + 1, 2_000_000)


def test_g06_what_others_spent_is_heard_with_the_answer() -> None:
    book = DayBook(Clock())
    book.spend("anna", Decimal(1))
    (posting,) = book.postings()
    book.spend("anna", Decimal(2))
    book.posted(posting, 10_000_000)
    assert book.spent("anna") == 12


def test_g06_less_than_a_millionth_waits_until_it_is_one() -> None:
    book = DayBook(Clock())
    book.spend("anna", MICRO / 2)
    assert book.postings() == []
    book.spend("anna", MICRO / 2)
    assert [posting.micros for posting in book.postings()] == [1]


def test_g06_a_day_begins_with_nothing_spent_and_yesterdays_spending_goes_to_yesterday() -> None:
    clock = Clock()
    book = DayBook(clock)
    book.spend("anna", Decimal(3))
    clock.day = MONDAY + timedelta(days=1)
    assert book.spent("anna") == 0
    assert [posting.purse.day for posting in book.postings()] == [MONDAY]


def test_g06_pages_that_nobody_needs_are_forgotten_once_they_were_told() -> None:
    book = DayBook(Clock())
    book.spend("anna", Decimal(1))
    book.forget(needed=[])
    assert len(book) == 1
    book.posted(book.postings()[0], 1_000_000)
    book.forget(needed=["anna"])
    assert len(book) == 1
    book.forget(needed=[])
    assert len(book) == 0


def test_g06_a_process_on_its_own_keeps_the_day_and_forgets_the_past() -> None:
    clock = Clock()
    book = DayBook(clock)
    book.spend("anna", Decimal(1))
    book.forget(needed=None)
    assert book.spent("anna") == 1
    clock.day += timedelta(days=1)
    book.forget(needed=None)
    assert len(book) == 0


class Sums:
    """What all pods share, over a line that loses questions and answers."""

    def __init__(self) -> None:
        self.micros: defaultdict[Purse, int] = defaultdict(int)
        self._last: dict[tuple[int, Purse], int] = {}

    def post(self, process: int, posting: Posting) -> int:
        if posting.number > self._last.get((process, posting.purse), 0):
            self._last[process, posting.purse] = posting.number
            self.micros[posting.purse] += posting.micros
        return self.micros[posting.purse]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("spend"), st.integers(0, 1), st.integers(1, 10**10)),
        st.tuples(st.just("post"), st.integers(0, 1), st.sampled_from(["arrives", "asked", "lost"])),
    ),
    max_size=60,
)


@given(steps)
def test_g06_whatever_the_line_loses_the_sum_is_that_of_all_spending(
    plan: list[tuple[str, int, int | str]],
) -> None:
    """`asked`: the question arrives and the answer does not."""
    sums, books, spent = Sums(), [DayBook(Clock()), DayBook(Clock())], Decimal(0)

    def post(process: int, fate: str) -> None:
        for posting in books[process].postings():
            if fate != "lost":
                micros = sums.post(process, posting)
                if fate == "arrives":
                    books[process].posted(posting, micros)

    for what, process, value in plan:
        if what == "spend":
            dollars = Decimal(value) / 10**9
            books[process].spend("anna", dollars)
            spent += dollars
        else:
            post(process, str(value))
        assert all(book.spent("anna") <= spent for book in books)
    for _ in range(2):
        post(0, "arrives")
        post(1, "arrives")
    assert 0 <= spent - Decimal(sums.micros[Purse("anna", MONDAY)]) * MICRO < 2 * MICRO
