"""Puts together what a process counts, shares and keeps: prices, users and budgets, rows, and who is billed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from parley_contract.config import GatewayConfig
from parley_contract.records import RecordsConfig, StripeConfig
from parley_gateway.access.uses import LocalUses
from parley_gateway.configuration import ConfigurationError
from parley_gateway.files import WatchedFile
from parley_gateway.money.accounting import Accounting
from parley_gateway.money.limits import Scope
from parley_gateway.money.metrics import MoneyMetrics
from parley_gateway.records.row import SessionRow
from parley_gateway.state.day_book import DayBook
from parley_gateway.state.shared import Shared
from parley_gateway.state.users import Users
from parley_gateway.state.uses import SharedUses

if TYPE_CHECKING:
    from parley_gateway.records.keeper import Keeper
    from parley_gateway.records.sender import Destination
    from parley_gateway.records.stripe_account import StripeAccount
    from parley_gateway.records.stripe_webhook import StripeWebhook


def create_accounting(config: GatewayConfig, registry: CollectorRegistry) -> Accounting:
    """Nothing is connected yet. Raises ConfigurationError."""
    metrics = MoneyMetrics(registry)
    cost = config.limits.cost
    budgeted = [
        scope
        for scope, limit in ((Scope.USER, cost.per_user_per_day), (Scope.DEPLOYMENT, cost.per_day))
        if limit is not None
    ]
    accounting: Accounting
    shared = _shared(config)
    if shared is not None:
        metrics.watch_redis(lambda: shared.health()["status"] == "ok")
    refuse = config.redis is not None and config.redis.when_away == "Refuse"
    users = Users(
        cap=config.limits.sessions_per_user,
        budgeted=budgeted,
        book=DayBook(lambda: datetime.now(UTC).date()),
        shared=shared,
        refuse_while_away=refuse,
        on_news=lambda: accounting.check_all(),
    )
    if cost.per_day is not None:
        metrics.watch_budget(Scope.DEPLOYMENT, cost.per_day, lambda: users.spent(Scope.DEPLOYMENT, session=""))
    stripe = _stripe(config.stripe) if config.stripe is not None else None
    accounting = Accounting(
        config,
        users=users,
        keeper=_keeper(config, stripe, metrics, live=lambda: accounting.live_rows()),
        webhook=_webhook(config.stripe, stripe, registry) if config.stripe and stripe else None,
        uses=SharedUses(shared, local=LocalUses(time.time), refuse_while_away=refuse) if shared else None,
        metrics=metrics,
    )
    return accounting


def _shared(config: GatewayConfig) -> Shared | None:
    """Redis, imported only where it is configured."""
    if config.redis is None:
        return None
    try:
        from parley_gateway.state.redis import RedisShared
    except ImportError as error:
        raise ConfigurationError("redis: install parley-voice[redis]") from error
    try:
        return RedisShared(WatchedFile(config.redis.url_file), deployment=f"{config.namespace}/{config.name}")
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"redis.url_file: {config.redis.url_file}: {_why(error)}") from error


def _keeper(
    config: GatewayConfig,
    stripe: StripeAccount | None,
    metrics: MoneyMetrics,
    *,
    live: Callable[[], Iterable[SessionRow]],
) -> Keeper | None:
    """Of rows; their drivers are imported only where they are configured."""
    records = config.records
    if records is None:
        if config.stripe is not None:
            raise ConfigurationError("stripe: set records too: meter events wait in records.outbox")
        return None
    destinations: list[Destination] = [_database(config, records)]
    if config.stripe is not None and stripe is not None:
        from parley_gateway.records.stripe_meter import StripeMeter

        destinations.append(StripeMeter(stripe, config.stripe))
    from parley_gateway.records.keeper import Keeper

    try:
        return Keeper(Path(records.outbox), destinations, metrics=metrics, live=live)
    except OSError as error:
        raise ConfigurationError(f"records.outbox: {records.outbox}: {error.strerror}") from error


def _database(config: GatewayConfig, records: RecordsConfig) -> Destination:
    try:
        from parley_gateway.records.postgres import PostgresRows
    except ImportError as error:
        raise ConfigurationError("records: install parley-voice[postgres]") from error
    try:
        return PostgresRows(
            WatchedFile(records.url_file),
            namespace=config.namespace,
            deployment=config.name,
            retention_days=records.retention_days,
        )
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"records.url_file: {records.url_file}: {_why(error)}") from error


def _stripe(config: StripeConfig) -> StripeAccount:
    try:
        from parley_gateway.records.stripe_account import StripeAccount
    except ImportError as error:
        raise ConfigurationError("stripe: install parley-voice[stripe]") from error
    try:
        return StripeAccount(config)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"stripe.api_key_file: {config.api_key_file}: {_why(error)}") from error


def _webhook(config: StripeConfig, account: StripeAccount, registry: CollectorRegistry) -> StripeWebhook | None:
    secret = config.webhook_secret_file
    if secret is None:
        return None
    from parley_gateway.records.stripe_webhook import StripeWebhook

    try:
        return StripeWebhook(config, account, secret_file=WatchedFile(secret), registry=registry)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"stripe.webhook_secret_file: {secret}: {_why(error)}") from error


def _why(error: Exception) -> str:
    """Never the message of a ValueError: it may hold the address, and with it a password."""
    return (error.strerror or "not readable") if isinstance(error, OSError) else "not what it should hold"
