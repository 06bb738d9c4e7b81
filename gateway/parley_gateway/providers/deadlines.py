"""How long a stream may take to begin, and to go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

from parley_contract.pipeline import DeadlinesConfig
from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError

T = TypeVar("T")


async def within(
    deadlines: DeadlinesConfig, stage: Stage, source: AsyncGenerator[T, None]
) -> AsyncGenerator[T, None]:
    """The items of `source`, each in time. The time a consumer takes does not count.

    Raises ProviderError (timeout) for a first item after `first_byte` seconds, a later one after
    `between_bytes`. `source` is closed in any case.
    """
    limit, what = deadlines.first_byte, "begin"
    async with aclosing(source):
        while True:
            try:
                async with asyncio.timeout(limit):
                    item = await anext(source)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise ProviderError(stage, FailureKind.TIMEOUT, f"did not {what} within {limit:g} s") from None
            yield item
            limit, what = deadlines.between_bytes, "go on"
