"""The sessions of this process: who is let in, who talks now, and how they end."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley_contract.codes import CloseCode, ErrorCode
from parley_contract.config import GatewayConfig
from parley_gateway.access.authenticator import Authenticator
from parley_gateway.accounts import Account, Accounts, Subject
from parley_gateway.agent import AgentSource
from parley_gateway.conversation.events import EndReason
from parley_gateway.metrics import Metrics
from parley_gateway.ports import ClientLink, Tools
from parley_gateway.protocols.admission import Admitted, Credentials, RefusedError
from parley_gateway.providers.registry import Pipeline
from parley_gateway.session.config import SessionConfig
from parley_gateway.session.observer import Observers, SessionObserver
from parley_gateway.session.session import Session

if TYPE_CHECKING:
    from parley_gateway.recordings.recorder import Recorder
    from parley_gateway.recordings.recording import Recording

logger = logging.getLogger(__name__)

RECONNECT_AFTER_S = 1.0
"""What a client that is sent away may wait before it connects to another process."""
_ADMISSION_S = 5.0
"""For an issuer's keys and for what other processes know of a user; callers do not wait longer."""
_CANCEL_S = 5.0


def draining_refusal() -> RefusedError:
    """What a client hears that comes while the process is going away."""
    return RefusedError(
        close_code=CloseCode.DRAINING,
        code=ErrorCode.DRAINING,
        message="this server is going away; connect again",
    )


@dataclass(frozen=True, slots=True)
class _Running:
    """One session and what goes with it."""

    session: Session
    link: ClientLink
    subject: Subject
    account: Account
    recording: Recording | None


class Sessions:
    """Admits clients, and owns the task of every session (it is the `Admission` of all protocols)."""

    def __init__(
        self,
        config: GatewayConfig,
        *,
        pipeline: Pipeline,
        agent: AgentSource,
        authenticator: Authenticator,
        accounts: Accounts,
        metrics: Metrics,
        observer: Callable[[str, Subject], SessionObserver],
        tools: Tools | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """`recorder`: of sessions' audio; None where it is not kept."""
        self._config = SessionConfig.of(config)
        self._cap = config.limits.sessions_per_pod
        self._pipeline = pipeline
        self._agent = agent
        self._authenticator = authenticator
        self._accounts = accounts
        self._metrics = metrics
        self._observer = observer
        self._tools = tools
        self._recorder = recorder
        self._opening: set[asyncio.Task[object]] = set()
        self._running: dict[asyncio.Task[None], _Running] = {}
        self.draining = False

    def __len__(self) -> int:
        return len(self._running)

    async def admit(self, link: ClientLink, credentials: Credentials) -> Admitted:
        """A new session, if the client may have one. Raises RefusedError."""
        try:
            async with asyncio.timeout(_ADMISSION_S):
                subject = await self._authenticator.subject(credentials)
                with self._place():
                    session = secrets.token_urlsafe(12)
                    account = await self._accounts.open(session, subject)
                    return await self._begun(session, link, subject, account)
        except TimeoutError:
            raise _too_slow() from None

    @contextmanager
    def _place(self) -> Iterator[None]:
        """A place for a session that is about to begin. Raises RefusedError where there is none."""
        self._refuse_while_draining()
        if len(self._running) + len(self._opening) >= self._cap:
            raise RefusedError(
                close_code=CloseCode.POD_CAP,
                code=ErrorCode.POD_CAP,
                message=f"this server holds its {self._cap} sessions already; connect again in a while",
            )
        if (task := asyncio.current_task()) is None:
            raise RuntimeError("clients are admitted by tasks")
        self._opening.add(task)
        try:
            yield
        finally:
            self._opening.discard(task)

    def _refuse_while_draining(self) -> None:
        if self.draining:
            raise draining_refusal()

    def drain(self, *, deadline_s: float) -> None:
        """Admit nobody any more; tell those who talk, and end them at the deadline."""
        self.draining = True
        for running in list(self._running.values()):
            running.session.drain(deadline_s=deadline_s, reconnect_after_s=RECONNECT_AFTER_S)

    def end_all(self) -> None:
        """End now what still talks; the clients are told why."""
        for running in list(self._running.values()):
            running.session.hang_up(EndReason.DRAINED)

    async def ended(self) -> None:
        """Wait until nobody talks, and nobody is about to."""
        while busy := {*self._running, *self._opening}:
            await asyncio.wait(busy)

    async def abort(self) -> None:
        """Cancel what does not end by itself."""
        busy = {*self._running, *self._opening}
        for task in busy:
            task.cancel()
        if busy:
            await asyncio.wait(busy, timeout=_CANCEL_S)

    async def _begun(self, session_id: str, link: ClientLink, subject: Subject, account: Account) -> Admitted:
        """The session, or an account that is closed again."""
        try:
            self._refuse_while_draining()
            return self._start(session_id, link, subject, account)
        except Exception:
            await account.close(EndReason.INTERNAL)
            raise

    def _start(self, session_id: str, link: ClientLink, subject: Subject, account: Account) -> Admitted:
        """From here on the session's own task closes the account."""
        recorder = self._recorder
        recording = recorder.begin(session_id, subject, link.capabilities) if recorder else None
        session = Session(
            session_id,
            link=link,
            pipeline=self._pipeline,
            agent=self._agent.current(),
            config=self._config,
            observer=Observers(self._observer(session_id, subject), account.observer),
            tools=self._tools,
            recording=recording,
        )
        running = _Running(session, link, subject, account, recording)
        task = asyncio.create_task(self._run(running), name=f"session {session.id}")
        self._running[task] = running
        self._metrics.active_sessions = len(self._running)
        task.add_done_callback(self._forget)
        account.attach(session)
        logger.info("session started", extra={"session": session.id, "subject": subject.name})
        return Admitted(session.id, session, cost=lambda: account.cost, recorded=recording is not None)

    def _forget(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._metrics.active_sessions = len(self._running)

    async def _run(self, running: _Running) -> None:
        session, reason = running.session, EndReason.INTERNAL
        try:
            reason = await session.run()
        except Exception:
            running.link.end(EndReason.INTERNAL)
            logger.exception("session failed", extra={"session": session.id})
        finally:
            if running.recording is not None:
                running.recording.finish()
            await running.account.close(reason)
            self._metrics.session_cost(running.subject.tenant, running.account.cost)
        logger.info(
            "session ended",
            extra={"session": session.id, "subject": running.subject.name, "reason": reason.value},
        )


def _too_slow() -> RefusedError:
    return RefusedError(
        close_code=CloseCode.INTERNAL,
        code=ErrorCode.INTERNAL,
        message=f"it could not be known within {_ADMISSION_S:.0f} s whether you may talk; connect again",
    )
