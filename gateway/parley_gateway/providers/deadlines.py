"""How long a stream may take to begin, and to go on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

from parley_contract.pipeline import DeadlinesConfig
from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError
from parley_gateway.providers.alarm import Alarm

T = TypeVar("T")


def within(deadlines: DeadlinesConfig, stage: Stage, source: AsyncIterator[T]) -> AsyncGenerator[T, None]:
    """The items of `source`, each in time: `in_time` with the configured deadlines."""
    return in_time(stage, source, first_s=deadlines.first_byte, between_s=deadlines.between_bytes)


async def in_time(
    stage: Stage, source: AsyncIterator[T], *, first_s: float, between_s: float
) -> AsyncGenerator[T, None]:
    """The items of `source`, each in time. The time a consumer takes does not count.

    Raises ProviderError (timeout) for a first item after `first_s` seconds, a later one after `between_s`.
    `source` is closed in any case.
    """
    limit, what = first_s, "begin"
    with Alarm() as alarm:
        async with closing(source):
            while True:
                try:
                    item = await alarm.within(limit, anext(source))
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    raise ProviderError(stage, FailureKind.TIMEOUT, f"did not {what} within {limit:g} s") from None
                yield item
                limit, what = between_s, "go on"


@asynccontextmanager
async def closing(source: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """Closes an iterator however it is left, which ends what it does at the provider."""
    if not isinstance(source, AsyncGenerator):
        yield source
        return
    async with aclosing(source):
        yield source
