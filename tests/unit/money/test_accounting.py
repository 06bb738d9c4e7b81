"""Accounts of a process on its own: warnings, ends, refusals, and what is said of prices that are not known."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from parley_contract.codes import CloseCode
from parley_contract.config import GatewayConfig
from parley_gateway.accounting import create_accounting
from parley_gateway.accounts import Account, Accounts, Subject
from parley_gateway.conversation.events import EndReason, Stage
from parley_gateway.conversation.history import HistoryItem
from parley_gateway.conversation.notices import BudgetNearlyUsed
from parley_gateway.money.accounting import Accounting
from parley_gateway.ports import Unit, Usage
from parley_gateway.protocols.admission import RefusedError

ANNA = Subject("anna", "acme", "issuer")
BEN = Subject("ben", "acme", "issuer")
NOBODY = Subject(None, "", "token")
PIPELINE = {
    "stt": {"provider": "Deepgram", "api_key_files": ["/k"]},
    "llm": {"provider": "Anthropic", "model": "claude-haiku-4-5", "api_key_files": ["/k"]},
    "tts": {"provider": "OpenAI", "model": "tts-1", "api_key_files": ["/k"]},
}


def config(*, cost: Mapping[str, Any] | None = None, **settings: Any) -> GatewayConfig:
    limits = {"cost": cost or {}, **settings.pop("limits", {})}
    content = {"agent": {"file": "/agent.json"}, "pipeline": PIPELINE, "limits": limits, **settings}
    return GatewayConfig.model_validate_json(json.dumps(content))


def accounting(**settings: Any) -> Accounting:
    return create_accounting(config(**settings), CollectorRegistry())


def cents(amount: int) -> Usage:
    """Answers of Haiku 4.5, 2,000 tokens a cent."""
    return Usage(Stage.LLM, "Anthropic", "claude-haiku-4-5", {Unit.OUTPUT_TOKENS: 2000 * amount})


class Talk:
    """A session, as its account acts on it."""

    def __init__(self) -> None:
        self.warnings: list[BudgetNearlyUsed] = []
        self.ends: list[tuple[EndReason, bool]] = []
        self.history: tuple[HistoryItem, ...] = ()

    def warn_of_budget(self, notice: BudgetNearlyUsed) -> None:
        self.warnings.append(notice)

    def end(self, reason: EndReason, *, farewell: bool) -> None:
        self.ends.append((reason, farewell))


async def talk(accounts: Accounts, subject: Subject = ANNA, *, name: str = "s1") -> tuple[Account, Talk]:
    account, session = await accounts.open(name, subject), Talk()
    account.attach(session)
    return account, session


def test_it_is_what_sessions_are_given() -> None:
    accounts: Accounts = accounting()
    assert accounts


async def test_g06_a_session_is_warned_at_four_dollars_and_ends_at_five_with_a_goodbye() -> None:
    account, session = await talk(accounting())
    account.observer.used(cents(399))
    assert session.warnings == []
    account.observer.used(cents(1))
    assert session.warnings == [BudgetNearlyUsed("session", Decimal(4), Decimal(5), "USD")]
    account.observer.used(cents(99))
    assert session.ends == []
    account.observer.used(cents(1))
    account.observer.used(cents(1))
    assert session.ends == [(EndReason.BUDGET, True)]
    assert len(session.warnings) == 1
    assert account.cost == Decimal("5.01")


async def test_g06_what_is_used_before_the_session_is_there_counts_when_it_is() -> None:
    account = await accounting().open("s1", ANNA)
    account.observer.used(cents(600))
    session = Talk()
    account.attach(session)
    assert session.ends == [(EndReason.BUDGET, True)]


async def test_g06_a_users_day_ends_all_of_the_users_sessions_and_nobody_elses() -> None:
    accounts = accounting(cost={"per_user_per_day": "3"})
    one, first = await talk(accounts, name="s1")
    _, second = await talk(accounts, name="s2")
    _, other = await talk(accounts, BEN, name="s3")
    one.observer.used(cents(250))
    accounts.check_all()
    assert [warning.scope for warning in (*first.warnings, *second.warnings)] == ["user", "user"]
    one.observer.used(cents(50))
    accounts.check_all()
    assert (first.ends, second.ends, other.ends) == ([(EndReason.BUDGET, True)], [(EndReason.BUDGET, True)], [])


async def test_g06_a_user_whose_day_is_used_up_gets_no_session_and_takes_no_seat() -> None:
    accounts = accounting(cost={"per_user_per_day": "1"}, limits={"sessions_per_user": 1})
    account, _ = await talk(accounts)
    account.observer.used(cents(100))
    await account.close(EndReason.BUDGET)
    for _ in range(2):
        with pytest.raises(RefusedError, match="tomorrow") as refused:
            await accounts.open("s2", ANNA)
        assert refused.value.close_code is CloseCode.BUDGET
    await accounts.open("s3", BEN)


async def test_g06_the_deployments_day_holds_everybody() -> None:
    accounts = accounting(cost={"per_day": "1"})
    account, session = await talk(accounts, NOBODY)
    account.observer.used(cents(100))
    assert session.ends == [(EndReason.BUDGET, True)]
    with pytest.raises(RefusedError) as refused:
        await accounts.open("s2", ANNA)
    assert refused.value.close_code is CloseCode.BUDGET


async def test_g06_a_fourth_session_of_a_user_is_refused_until_one_has_ended() -> None:
    accounts = accounting()
    accounts_of_anna = [await accounts.open(f"s{number}", ANNA) for number in range(3)]
    with pytest.raises(RefusedError, match="3 sessions") as refused:
        await accounts.open("s4", ANNA)
    assert refused.value.close_code is CloseCode.USER_CAP
    await accounts_of_anna[0].close(EndReason.CLIENT_ENDED)
    await accounts_of_anna[0].close(EndReason.CLIENT_ENDED)
    await accounts.open("s4", ANNA)
    with pytest.raises(RefusedError):
        await accounts.open("s5", ANNA)


async def test_g07_a_configured_model_without_a_price_is_said_at_once_and_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    own = {"provider": "OpenAICompatible", "model": "llama-3", "base_url": "http://vllm/v1"}
    registry = CollectorRegistry()
    with caplog.at_level(logging.WARNING):
        accounts = create_accounting(config(pipeline={**PIPELINE, "llm": own}), registry)
        for name in ("s1", "s2"):
            account, _ = await talk(accounts, name=name)
            account.observer.used(Usage(Stage.LLM, "OpenAICompatible", "llama-3", {Unit.OUTPUT_TOKENS: 9}))
            assert account.cost == 0
    assert len(caplog.records) == 1
    prices = accounts.health()["prices"]
    assert (prices["status"], prices["unknown"]) == ("failing", ["OpenAICompatible llama-3"])
    assert b'voice_prices_unknown{model="llama-3",provider="OpenAICompatible"} 1.0' in generate_latest(registry)


def test_g07_with_prices_of_ones_own_nothing_is_unknown() -> None:
    own = {"provider": "OpenAICompatible", "model": "llama-3", "base_url": "http://vllm/v1"}
    prices = [{"provider": "OpenAICompatible", "model": "*", "unit": "output_tokens", "price": "0"}]
    accounts = accounting(cost={"prices": prices}, pipeline={**PIPELINE, "llm": own})
    assert accounts.health()["prices"]["status"] == "ok"


async def test_g07_what_is_spent_is_counted_by_stage() -> None:
    registry = CollectorRegistry()
    account, _ = await talk(create_accounting(config(), registry))
    account.observer.used(cents(3))
    account.observer.used(Usage(Stage.STT, "Deepgram", "nova-3", {Unit.AUDIO_SECONDS: 60.0}))
    assert registry.get_sample_value("voice_cost_dollars_total", {"stage": "llm"}) == pytest.approx(0.03)
    assert registry.get_sample_value("voice_cost_dollars_total", {"stage": "stt"}) == pytest.approx(0.0043)


async def test_g07_how_much_of_the_days_budget_is_gone_is_told() -> None:
    registry = CollectorRegistry()
    account, _ = await talk(create_accounting(config(cost={"per_day": "20"}), registry))
    account.observer.used(cents(300))
    for metric, dollars in {"voice_budget_dollars": 20, "voice_budget_spent_dollars": 3}.items():
        assert registry.get_sample_value(metric, {"scope": "deployment"}) == pytest.approx(dollars)


def test_g07_a_day_without_a_budget_is_not_told() -> None:
    registry = CollectorRegistry()
    create_accounting(config(), registry)
    assert b"voice_budget_dollars" not in generate_latest(registry)


async def test_it_runs_and_ends() -> None:
    accounts = accounting()
    before = asyncio.all_tasks()
    async with accounts.running():
        await accounts.open("s1", ANNA)
    assert asyncio.all_tasks() == before
