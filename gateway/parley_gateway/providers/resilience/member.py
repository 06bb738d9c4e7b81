"""One of the providers of a stage, and what is known of how it fares."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError
from parley_gateway.providers.credentials import Keys
from parley_gateway.providers.resilience.breaker import Breaker
from parley_gateway.providers.resilience.observer import BreakerState, ResilienceObserver

P_co = TypeVar("P_co", covariant=True)
logger = logging.getLogger(__name__)


@dataclass(eq=False, slots=True, kw_only=True)
class Member(Generic[P_co]):
    """A provider with its breaker and its keys."""

    stage: Stage
    name: str
    """As the configuration names it, with a number where a stage has several of one kind."""
    provider: P_co
    breaker: Breaker
    observer: ResilienceObserver
    keys: Keys | None = None
    """None where it needs none, since it is not reached over the network."""
    on_open: Callable[[], None] = field(default=lambda: None)
    """Called when the provider begins to be left alone."""

    def failed(self, kind: FailureKind) -> None:
        """A request failed at this provider."""
        self.observer.attempt_failed(self.stage, self.name, kind)
        if self.breaker.is_closed:
            self.breaker.failed(_now())
            self._tell_if_open()

    def trip(self) -> None:
        """Leave it alone from now on."""
        if self.breaker.is_closed:
            self.breaker.trip(_now())
            self._tell_if_open()

    def succeeded(self, *, began: float) -> None:
        """A request that began then was served."""
        was_closed = self.breaker.is_closed
        self.breaker.succeeded(began=began)
        if self.breaker.is_closed and not was_closed:
            self._tell(BreakerState.CLOSED)

    def begin_probe(self) -> bool:
        """Whether it is to be probed now."""
        if not self.breaker.begin_probe(_now()):
            return False
        self._tell(BreakerState.HALF_OPEN)
        return True

    def probe_failed(self) -> None:
        """It is not back yet."""
        self.breaker.probe_failed(_now())
        self._tell(self.breaker.state)

    def report(self) -> dict[str, Any]:
        """For people who look at the process's health: no key, nor where one is."""
        keys = {"keys": self.keys.count, "keysAside": self.keys.aside} if self.keys else {}
        return {"provider": self.name, "breaker": self.breaker.state.value, **keys}

    def _tell_if_open(self) -> None:
        if not self.breaker.is_closed:
            self._tell(self.breaker.state)
            self.on_open()

    def _tell(self, state: BreakerState) -> None:
        self.observer.breaker_changed(self.stage, self.name, state)
        level = logging.INFO if state is not BreakerState.OPEN else logging.WARNING
        told = {"stage": self.stage, "provider": self.name, "breaker": state}
        logger.log(level, "a provider's breaker changed", extra=told)


def failure_of_defect(stage: Stage, error: Exception) -> ProviderError:
    """What an SDK or a provider of ours throws that it should not: its message may hold what was said."""
    return ProviderError(stage, FailureKind.GARBAGE, type(error).__name__)


def _now() -> float:
    return asyncio.get_running_loop().time()
