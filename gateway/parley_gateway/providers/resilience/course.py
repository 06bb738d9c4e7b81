"""One request's way through the providers of its stage: whom it asks, whom next, and after how long."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

from parley_gateway.conversation.events import FailureKind
from parley_gateway.logs import where
from parley_gateway.ports import ProviderError
from parley_gateway.providers.resilience.member import Member, failure_of_defect
from parley_gateway.providers.resilience.retries import Retries

P = TypeVar("P")
logger = logging.getLogger(__name__)

PATIENCE_WITH_OTHERS_S = 0.5
"""Longer than that no caller waits for a provider while another could be asked."""


class Course(Generic[P]):
    """Begins at the first of `members`, which are those that one should ask, in their order."""

    def __init__(
        self, members: Sequence[Member[P]], *, retries: int, patience_s: float, jitter: Callable[[], float]
    ) -> None:
        """`patience_s`: how long each provider may take to begin, all its attempts together."""
        self._members = list(members)
        self._limit = retries
        self._patience_s = patience_s
        self._jitter = jitter
        self._retries = Retries(retries)
        self._since = _now()

    @property
    def member(self) -> Member[P]:
        """Whom to ask now."""
        return self._members[0]

    @property
    def left_s(self) -> float:
        """Seconds that the present provider still has to begin."""
        return max(0.0, self._since + self._patience_s - _now())

    @contextmanager
    def attempt(self) -> Iterator[P]:
        """Ask the present provider; how this is left tells how it went, except by cancellation.

        Raises ProviderError, also for a defect of an SDK.
        """
        member, began = self.member, _now()
        try:
            yield member.provider
        except ProviderError as error:
            member.failed(error.kind)
            raise
        except Exception as error:  # noqa: BLE001 - a defect of an SDK is a failure like another
            told = {"stage": member.stage, "provider": member.name, "error": where(error)}
            logger.error("a provider broke", extra=told)  # noqa: TRY400 - its message may hold what was said
            member.failed(FailureKind.GARBAGE)
            raise failure_of_defect(member.stage, error) from None
        member.succeeded(began=began)

    async def go_on(self, error: ProviderError, *, delivered: bool) -> bool:
        """After a failure: waits until there is somebody to ask again, or says that there is nobody.

        `delivered`: whether a part of the answer was handed on. Then another is asked first, where there is one.
        """
        if delivered:
            self._since = _now()
        wait = None if delivered and self._others else self._wait_for_same(error)
        if wait is not None:
            self.member.observer.retried(self.member.stage, self.member.name)
            await asyncio.sleep(wait)
            return True
        return self._turn_to_next()

    @property
    def _others(self) -> bool:
        return len(self._members) > 1

    def _wait_for_same(self, error: ProviderError) -> float | None:
        patience_s = self.left_s
        if self._others:
            if error.kind is FailureKind.TIMEOUT or not self.member.breaker.is_closed:
                return None
            patience_s = min(patience_s, PATIENCE_WITH_OTHERS_S)
        return self._retries.wait(error, patience_s=patience_s, jitter=self._jitter())

    def _turn_to_next(self) -> bool:
        if not self._others:
            return False
        failed = self._members.pop(0)
        failed.observer.failed_over(failed.stage, failed.name, self.member.name)
        told = {"stage": failed.stage, "provider": failed.name, "to": self.member.name}
        logger.warning("a provider is stood in for", extra=told)
        self._retries = Retries(self._limit)
        self._since = _now()
        return True


def _now() -> float:
    return asyncio.get_running_loop().time()
