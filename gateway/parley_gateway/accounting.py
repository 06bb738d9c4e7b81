"""The accounts of one process: prices, users and budgets, and what is kept of sessions, put together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry

from parley_contract.config import GatewayConfig
from parley_contract.native import CloseCode, ErrorCode
from parley_contract.pipeline import LlmConfig, SttConfig, TtsConfig
from parley_contract.records import RecordsConfig, StripeConfig
from parley_gateway.accounts import Subject
from parley_gateway.configuration import ConfigurationError
from parley_gateway.conversation.events import EndReason
from parley_gateway.files import WatchedFile
from parley_gateway.money.account import SessionAccount
from parley_gateway.money.ledger import Ledger
from parley_gateway.money.limits import Scope, limits_of
from parley_gateway.money.metrics import MoneyMetrics
from parley_gateway.money.price_list import COMPARED_ON
from parley_gateway.money.prices import Prices
from parley_gateway.ports import Unit
from parley_gateway.protocols.admission import RefusedError
from parley_gateway.records.row import INTERRUPTED, SessionRow, row_of
from parley_gateway.state.day_book import DayBook
from parley_gateway.state.shared import AwayError, Shared
from parley_gateway.state.users import UserCapError, Users

if TYPE_CHECKING:
    from parley_gateway.records.keeper import Keeper
    from parley_gateway.records.sender import Destination
    from parley_gateway.records.stripe_account import StripeAccount
    from parley_gateway.records.stripe_webhook import StripeWebhook

logger = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Accounting:
    """Opens accounts (it is the `Accounts` of the process), and keeps what is left of them."""

    def __init__(
        self,
        config: GatewayConfig,
        *,
        users: Users,
        keeper: Keeper | None,
        webhook: StripeWebhook | None = None,
        metrics: MoneyMetrics,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """`keeper`: of what is left of sessions; None where nothing is kept. `webhook`: for Stripe's messages."""
        self.webhook = webhook
        self._config = config
        self._users = users
        self._keeper = keeper
        self._metrics = metrics
        self._now = now
        self._prices = Prices(config.limits.cost.prices)
        self._unknown: dict[tuple[str, str], None] = {}
        self._live: dict[str, SessionAccount] = {}
        self._say_unknown_models()

    # --- accounts.Accounts ---

    async def open(self, session: str, subject: Subject) -> SessionAccount:
        """Raises RefusedError; cancelled, it leaves nothing behind."""
        try:
            await self._users.enter(session, subject.user)
        except UserCapError:
            raise self._too_many() from None
        except AwayError:
            raise _nobody_admitted() from None
        account = SessionAccount(
            session,
            subject,
            ledger=Ledger(self._prices, on_unknown=self._say_unknown),
            limits=limits_of(self._config.limits.cost, knows_user=subject.user is not None),
            till=self._users,
            judge=self._metrics,
            now=self._now,
            on_close=self._close,
        )
        if (scope := account.exhausted()) is not None:
            await self._users.leave(session)
            raise _used_up(scope)
        self._live[session] = account
        return account

    async def _close(self, account: SessionAccount, reason: EndReason) -> None:
        """First what must not be lost. A second time there is nothing to do."""
        if self._live.pop(account.id, None) is None:
            return
        try:
            if self._keeper is not None:
                await self._keeper.put(self._row(account, reason.value))
        finally:
            await self._users.leave(account.id)

    def live_rows(self) -> list[SessionRow]:
        """What is known now of the sessions that run, as it is kept if they are never heard of again."""
        return [self._row(account, INTERRUPTED) for account in self._live.values()]

    def _row(self, account: SessionAccount, reason: str) -> SessionRow:
        records = self._config.records
        return row_of(
            account,
            namespace=self._config.namespace,
            deployment=self._config.name,
            reason=reason,
            ended_at=self._now(),
            with_transcript=records is not None and records.transcripts == "Text" and reason != INTERRUPTED,
        )

    # --- the process ---

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """For as long as there may be sessions; afterwards nothing is left to tell, or it is kept."""
        telling = asyncio.create_task(self._users.run(), name="users")
        try:
            async with self._keeper.running() if self._keeper is not None else nullcontext():
                yield
        finally:
            telling.cancel()
            await asyncio.wait({telling})
            await self._users.aclose()

    async def settled(self) -> None:
        """Until all that is kept has arrived: no bound, the caller has one."""
        if self._keeper is not None:
            await self._keeper.settled()

    def check_all(self) -> None:
        """What others have spent may end a session here."""
        for account in list(self._live.values()):
            account.check()

    def health(self) -> dict[str, dict[str, Any]]:
        """Of what money and records depend on, for people."""
        parts: dict[str, dict[str, Any]] = {"prices": self._prices_health()}
        if (redis := self._users.health()) is not None:
            parts["redis"] = redis
        if self._keeper is not None:
            parts |= self._keeper.health()
        if self.webhook is not None:
            parts["stripe"] |= self.webhook.health()
        return parts

    # --- prices ---

    def _prices_health(self) -> dict[str, Any]:
        about: dict[str, Any] = {"status": "ok", "list": COMPARED_ON.isoformat()}
        if self._unknown:
            names = sorted(f"{provider} {model}".strip() for provider, model in self._unknown)
            about |= {"status": "failing", "problem": "prices are not known, and not counted", "unknown": names}
        return about

    def _say_unknown_models(self) -> None:
        """Of all that is configured, before it is used: a limit cannot hold what has no price."""
        pipeline, today = self._config.pipeline, self._now().date()
        stages: list[SttConfig | LlmConfig | TtsConfig] = [pipeline.stt, pipeline.llm, pipeline.tts]
        for stage in (*stages, *pipeline.stt_fallbacks, *pipeline.llm_fallbacks, *pipeline.tts_fallbacks):
            model = getattr(stage, "model", "")
            if not self._prices.knows(stage.provider, model, day=today):
                self._say_unknown(stage.provider, model)

    def _say_unknown(self, provider: str, model: str, unit: Unit | None = None) -> None:
        if (provider, model) in self._unknown:
            return
        self._unknown[provider, model] = None
        self._metrics.prices_unknown.labels(provider, model).set(1)
        logger.warning(
            "no price is known: set limits.cost.prices, or costs and limits leave it out",
            extra={"provider": provider, "model": model, "unit": unit.value if unit else "any"},
        )

    # --- refusals ---

    def _too_many(self) -> RefusedError:
        cap = self._config.limits.sessions_per_user
        return RefusedError(
            close_code=CloseCode.USER_CAP,
            code=ErrorCode.USER_CAP,
            message=f"you have your {cap} sessions already; end one, or connect again in a while",
        )


def _nobody_admitted() -> RefusedError:
    return RefusedError(
        close_code=CloseCode.POD_CAP,
        code=ErrorCode.POD_CAP,
        message="this server cannot admit anybody now; connect again in a while",
    )


def _used_up(scope: Scope) -> RefusedError:
    whose = "your budget" if scope is Scope.USER else "the budget of this service"
    return RefusedError(
        close_code=CloseCode.BUDGET,
        code=ErrorCode.BUDGET,
        message=f"{whose} for today is used up; connect again tomorrow (UTC)",
    )


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
    users = Users(
        cap=config.limits.sessions_per_user,
        budgeted=budgeted,
        book=DayBook(lambda: _utc_now().date()),
        shared=shared,
        refuse_while_away=config.redis is not None and config.redis.when_away == "Refuse",
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
    live: Callable[[], list[SessionRow]],
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
