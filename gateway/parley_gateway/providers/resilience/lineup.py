"""The providers of a stage in their order, with those that are away being called back in the background."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Generic, Protocol, TypeVar

from parley_gateway.logs import where
from parley_gateway.ports import ProviderError
from parley_gateway.providers.resilience.course import Course
from parley_gateway.providers.resilience.member import Member

logger = logging.getLogger(__name__)

_WARM_S = 30.0
_PROBE_S = 60.0
_FIRST_RETRY_S = 1.0
_LONGEST_RETRY_S = 60.0


class Warmable(Protocol):
    """What the providers of all stages have in common."""

    async def warm(self) -> None:
        """Raises ProviderError."""
        ...

    async def aclose(self) -> None:
        """Let go of everything."""
        ...


P = TypeVar("P", bound=Warmable)


class Lineup(Generic[P]):
    """One stage's. The first is the one that is meant; the others stand in for it."""

    def __init__(
        self,
        members: Sequence[Member[P]],
        *,
        probe: Callable[[P], Awaitable[None]],
        retries: int,
        patience_s: float,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`probe` asks for a little of what the stage is for, and raises ProviderError.

        `patience_s`: how long each provider may take to begin an answer.
        """
        self.members = tuple(members)
        self._probe = probe
        self._retries = retries
        self._patience_s = patience_s
        self._jitter = jitter
        self._tasks: set[asyncio.Task[None]] = set()
        self._recovering: set[Member[P]] = set()
        for member in self.members:
            member.on_open = lambda member=member: self._begin_recovery(member)  # type: ignore[misc]

    @property
    def primary(self) -> P:
        """The provider that is meant."""
        return self.members[0].provider

    @property
    def in_service(self) -> list[Member[P]]:
        """Those to be asked, in their order: all where none is known to work, for one of them may be back."""
        return [member for member in self.members if member.breaker.is_closed] or list(self.members)

    def course(self) -> Course[P]:
        """A request's way through those in service."""
        retries = self._retries if any(member.breaker.is_closed for member in self.members) else 0
        return Course(self.in_service, retries=retries, patience_s=self._patience_s, jitter=self._jitter)

    async def warm(self) -> None:
        """Make ready whoever serves first; the others follow in the background.

        Raises ProviderError, the first provider's, where none can be warmed.
        """
        first, *others = self.members
        try:
            await first.provider.warm()
        except ProviderError:
            if not await self._warm_any(others):
                raise
            first.trip()
        for member in others:
            self._spawn(self._keep_warming(member), f"warm {member.stage} {member.name}")

    async def aclose(self) -> None:
        """End what goes on in the background, and let go of all providers."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(member.provider.aclose() for member in self.members))

    def report(self) -> list[dict[str, Any]]:
        """How each of them fares."""
        return [member.report() for member in self.members]

    # --- in the background ---

    async def _warm_any(self, members: Sequence[Member[P]]) -> bool:
        for member in members:
            try:
                await member.provider.warm()
            except ProviderError as error:
                logger.warning(
                    "a fallback could not be warmed",
                    extra={"stage": member.stage, "provider": member.name, "problem": error.detail},
                )
            else:
                return True
        return False

    async def _keep_warming(self, member: Member[P]) -> None:
        """A fallback that is away when the process starts is not given up."""
        delay = _FIRST_RETRY_S
        while not await self._works(member.provider.warm(), _WARM_S, member):
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LONGEST_RETRY_S)

    def _begin_recovery(self, member: Member[P]) -> None:
        if member not in self._recovering:
            self._recovering.add(member)
            self._spawn(self._recover(member), f"probe {member.stage} {member.name}")

    async def _recover(self, member: Member[P]) -> None:
        """Probe it until it is back. No caller's request is risked for that."""
        loop = asyncio.get_running_loop()
        try:
            while not member.breaker.is_closed:
                await asyncio.sleep(member.breaker.probe_wait(loop.time()))
                if not member.begin_probe():
                    continue
                began = loop.time()
                if await self._works(self._ask(member), _PROBE_S, member):
                    member.succeeded(began=began)
                else:
                    member.probe_failed()
        finally:
            self._recovering.discard(member)

    async def _ask(self, member: Member[P]) -> None:
        await member.provider.warm()
        await self._probe(member.provider)

    async def _works(self, trial: Coroutine[Any, Any, None], within_s: float, member: Member[P]) -> bool:
        try:
            async with asyncio.timeout(within_s):
                await trial
        except (ProviderError, TimeoutError):
            return False
        except Exception as error:  # noqa: BLE001 - an SDK's defect must not end the search
            told = {"stage": member.stage, "provider": member.name, "error": where(error)}
            logger.error("a provider broke", extra=told)  # noqa: TRY400 - its message is not ours to show
            return False
        return True

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
