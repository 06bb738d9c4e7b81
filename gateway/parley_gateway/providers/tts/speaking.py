"""A reply spoken over a line: what the providers with contexts have in common."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from itertools import count
from typing import Protocol

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError, TtsAudio, TtsRequest, TtsSegment, Unit, Usage
from parley_gateway.providers.credentials import Keys
from parley_gateway.providers.segments import one_ahead

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]")
_serial = count(1)


class Reply(Protocol):
    """One reply at the provider."""

    def say(self, segment: TtsSegment) -> AsyncGenerator[TtsAudio, None]:
        """Send a segment now, and hand on its speech."""
        ...

    def finish(self) -> None:
        """All that was sent has been heard."""
        ...

    def cancel(self) -> None:
        """Have no more made, and hear nothing more of it. Waits for nobody; does nothing after `finish`."""
        ...

    def distrust(self) -> None:
        """The provider fell silent: speak to nobody else over the same line."""
        ...


async def spoken(
    keys: Keys, segments: AsyncIterator[TtsSegment], begin: Callable[[str], Reply]
) -> AsyncGenerator[TtsAudio, None]:
    """Speech for the segments in their order, with one begun ahead. Raises ProviderError.

    The reply begins with its first segment: no key is held while the model still thinks.
    """
    async for first in segments:
        async with keys.lease() as key:
            reply = begin(key)
            try:
                async with (
                    aclosing(_with(first, segments)) as to_say,
                    aclosing(one_ahead(to_say, reply.say)) as pieces,
                ):
                    async for piece in pieces:
                        yield piece
                reply.finish()
            except ProviderError as failure:
                if failure.kind is FailureKind.TIMEOUT:
                    reply.distrust()
                raise
            finally:
                reply.cancel()


async def _with(first: TtsSegment, others: AsyncIterator[TtsSegment]) -> AsyncGenerator[TtsSegment, None]:
    yield first
    async for segment in others:
        yield segment


def context_name(request: TtsRequest) -> str:
    """A name of the reply's context that was never used before: one that is spoken anew is another."""
    return f"{_NOT_IN_A_NAME.sub('-', request.context)[-40:]}-{next(_serial)}"


def tell_characters(request: TtsRequest, segment: TtsSegment, *, provider: str, model: str) -> None:
    """Tell what a segment costs, whatever becomes of it, since it has been sent."""
    amounts = {Unit.CHARACTERS: len(segment.text)}
    request.meter(Usage(Stage.TTS, provider, model, amounts))
