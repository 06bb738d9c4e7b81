"""The sessions of this process: who is let in, who talks now, and how they end."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable

from parley_contract.config import GatewayConfig
from parley_contract.native import CloseCode, ErrorCode
from parley_gateway.agent import AgentSource
from parley_gateway.auth import Authenticator
from parley_gateway.conversation.events import EndReason
from parley_gateway.metrics import Metrics
from parley_gateway.ports import ClientLink
from parley_gateway.protocols.admission import Admitted, RefusedError
from parley_gateway.providers.registry import Pipeline
from parley_gateway.session.config import SessionConfig
from parley_gateway.session.observer import SessionObserver
from parley_gateway.session.session import Session

logger = logging.getLogger(__name__)

RECONNECT_AFTER_S = 1.0
"""What a client that is sent away may wait before it connects to another process."""
_CANCEL_S = 5.0


def draining_refusal() -> RefusedError:
    """What a client hears that comes while the process is going away."""
    return RefusedError(
        close_code=CloseCode.DRAINING,
        code=ErrorCode.DRAINING,
        message="this server is going away; connect again",
    )


class Sessions:
    """Admits clients, and owns the task of every session (it is the `Admission` of all protocols)."""

    def __init__(
        self,
        config: GatewayConfig,
        *,
        pipeline: Pipeline,
        agent: AgentSource,
        authenticator: Authenticator,
        metrics: Metrics,
        observer: Callable[[str], SessionObserver],
    ) -> None:
        self._config = SessionConfig.of(config)
        self._cap = config.limits.sessions_per_pod
        self._pipeline = pipeline
        self._agent = agent
        self._authenticator = authenticator
        self._metrics = metrics
        self._observer = observer
        self._running: dict[asyncio.Task[None], Session] = {}
        self.draining = False

    def __len__(self) -> int:
        return len(self._running)

    def admit(self, link: ClientLink, token: str | None) -> Admitted:
        """A new session, if the client may have one. Raises RefusedError."""
        subject = self._authenticator.subject(token)
        if self.draining:
            raise draining_refusal()
        if len(self._running) >= self._cap:
            raise RefusedError(
                close_code=CloseCode.POD_CAP,
                code=ErrorCode.POD_CAP,
                message=f"this server holds its {self._cap} sessions already; connect again in a while",
            )
        session = Session(
            secrets.token_urlsafe(12),
            link=link,
            pipeline=self._pipeline,
            agent=self._agent.current(),
            config=self._config,
            observer=self._observer(subject),
        )
        self._start(session, link, subject)
        return Admitted(id=session.id, session=session)

    def drain(self, *, deadline_s: float) -> None:
        """Admit nobody any more; tell those who talk, and end them at the deadline."""
        self.draining = True
        for session in list(self._running.values()):
            session.drain(deadline_s=deadline_s, reconnect_after_s=RECONNECT_AFTER_S)

    def end_all(self) -> None:
        """End now what still talks; the clients are told why."""
        for session in list(self._running.values()):
            session.hang_up(EndReason.DRAINED)

    async def ended(self) -> None:
        """Wait until nobody talks."""
        while self._running:
            await asyncio.wait(self._running)

    async def abort(self) -> None:
        """Cancel what does not end by itself."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=_CANCEL_S)

    def _start(self, session: Session, link: ClientLink, subject: str) -> None:
        task = asyncio.create_task(self._run(session, link, subject), name=f"session {session.id}")
        self._running[task] = session
        self._metrics.active.inc()
        task.add_done_callback(self._forget)
        logger.info("session started", extra={"session": session.id, "subject": subject})

    def _forget(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._metrics.active.dec()

    async def _run(self, session: Session, link: ClientLink, subject: str) -> None:
        try:
            reason = await session.run()
        except Exception:
            link.end(EndReason.INTERNAL)
            logger.exception("session failed", extra={"session": session.id})
        else:
            logger.info("session ended", extra={"session": session.id, "subject": subject, "reason": reason.value})
