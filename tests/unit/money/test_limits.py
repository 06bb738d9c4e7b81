"""Limits: each verdict once, and what a limit can be overspent by."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from parley_contract.limits import CostLimits
from parley_gateway.conversation.events import Stage
from parley_gateway.money.ledger import Ledger
from parley_gateway.money.limits import Limit, Scope, Verdict, Watch, limits_of
from parley_gateway.money.prices import Prices
from parley_gateway.ports import Unit, Usage

DAY = date(2026, 11, 21)
PRICES = Prices()
FIVE = Limit(Scope.SESSION, Decimal(5), Decimal(4))


def test_g06_by_default_a_session_may_cost_five_dollars_and_is_warned_at_four() -> None:
    assert limits_of(CostLimits(), knows_user=True) == (FIVE,)


def test_g06_when_a_session_is_warned_can_be_chosen() -> None:
    (limit,) = limits_of(CostLimits(per_session=Decimal(2), warn_at_percent=50), knows_user=False)
    assert limit == Limit(Scope.SESSION, Decimal(2), Decimal(1))


def test_g06_users_that_cannot_be_told_apart_have_no_limit_of_their_own() -> None:
    config = CostLimits(per_user_per_day=Decimal(20), per_day=Decimal(500))
    assert [limit.scope for limit in limits_of(config, knows_user=True)] == [*Scope]
    assert [limit.scope for limit in limits_of(config, knows_user=False)] == [Scope.SESSION, Scope.DEPLOYMENT]


def test_g06_a_limit_warns_once_and_is_reached_once() -> None:
    watch = Watch(FIVE)
    spent = ["3.99", "4", "4.5", "4.999", "5", "6", "4", "7"]
    verdicts = [watch.look(Decimal(dollars)) for dollars in spent]
    assert verdicts == [None, Verdict.NEARLY, None, None, Verdict.REACHED, None, None, None]


def test_g06_a_leap_over_the_limit_is_no_warning() -> None:
    watch = Watch(FIVE)
    assert [watch.look(Decimal(9)), watch.look(Decimal(9))] == [Verdict.REACHED, None]


@given(st.lists(st.integers(1, 2_000_000), min_size=1), st.decimals("0.01", "20", places=2))
def test_g06_a_session_overspends_by_less_than_the_usage_that_reached_the_limit(
    tokens: list[int], dollars: Decimal
) -> None:
    ledger, watch = Ledger(PRICES), Watch(Limit(Scope.SESSION, dollars, dollars))
    for amount in tokens:
        last = ledger.add(Usage(Stage.LLM, "Anthropic", "claude-haiku-4-5", {Unit.OUTPUT_TOKENS: amount}), day=DAY)
        if watch.look(ledger.total) is Verdict.REACHED:
            assert dollars <= ledger.total < dollars + last
            return
    assert ledger.total < dollars
