"""The accounts of one process: opened for sessions, watched while they run, and kept when they are over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from parley_contract.codes import CloseCode, ErrorCode
from parley_contract.config import GatewayConfig
from parley_contract.pipeline import LlmConfig, SttConfig, TtsConfig
from parley_gateway.access.uses import Uses
from parley_gateway.accounts import Subject
from parley_gateway.conversation.events import EndReason
from parley_gateway.money.account import SessionAccount
from parley_gateway.money.ledger import Ledger
from parley_gateway.money.limits import Scope, limits_of
from parley_gateway.money.metrics import MoneyMetrics
from parley_gateway.money.price_list import COMPARED_ON
from parley_gateway.money.prices import Prices
from parley_gateway.ports import Unit
from parley_gateway.protocols.admission import RefusedError
from parley_gateway.records.row import INTERRUPTED, SessionRow, row_of
from parley_gateway.state.shared import AwayError
from parley_gateway.state.users import UserCapError, Users
from parley_gateway.state.uses import nobody_admitted

if TYPE_CHECKING:
    from parley_gateway.records.keeper import Keeper
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
        uses: Uses | None = None,
        metrics: MoneyMetrics,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """`keeper`: of what is left of sessions; None where nothing is kept. `webhook`: for Stripe's messages.

        `uses`: of client secrets, in all pods; None where nothing is shared.
        """
        self.webhook = webhook
        self.uses = uses
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
            raise nobody_admitted() from None
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

    def live_rows(self) -> Iterator[SessionRow]:
        """What is known now of the sessions that run, as it is kept if they are never heard of again."""
        return (self._row(account, INTERRUPTED) for account in list(self._live.values()))

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


def _used_up(scope: Scope) -> RefusedError:
    whose = "your budget" if scope is Scope.USER else "the budget of this service"
    return RefusedError(
        close_code=CloseCode.BUDGET,
        code=ErrorCode.BUDGET,
        message=f"{whose} for today is used up; connect again tomorrow (UTC)",
    )
