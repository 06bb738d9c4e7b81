"""The agent's own phrases, spoken before they are needed: an apology must be there when no voice is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

from parley_contract.agent import AgentText
from parley_gateway.conversation.sentences import Segmenter, is_speakable
from parley_gateway.logs import where
from parley_gateway.ports import ProviderError
from parley_gateway.providers.resilience.speech_cache import SpeechCache, Text

logger = logging.getLogger(__name__)

_READY_WITHIN_S = 5.0
"""What the phrases may delay the start by: a voice that is slow now is waited for in the background."""
_FIRST_RETRY_S = 5.0
_LONGEST_RETRY_S = 300.0


class PhraseKeeper:
    """Has what the present agent's text says without a model made, and made again once that text has changed."""

    def __init__(
        self,
        cache: SpeechCache,
        *,
        agent: Callable[[], AgentText],
        voice: str,
        make: Callable[[Text], Awaitable[None]],
    ) -> None:
        """`agent`: its text as it is now. `voice`: the name of the one that is meant to say it.

        `make` has one text said into the cache, and raises ProviderError.
        """
        self._cache = cache
        self._agent = agent
        self._voice = voice
        self._make = make
        self._phrases: tuple[Text, ...] = ()
        self._making: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()

    def look(self) -> None:
        """Make what the agent's present text has and the cache has not, in the background."""
        phrases = tuple(_phrases(self._agent()))
        if phrases == self._phrases:
            return
        self._phrases = phrases
        self._cache.keep(phrases)
        if self._making is None or self._making.done():
            self._making = asyncio.create_task(self._make_missing(), name="make the agent's phrases")

    async def tried(self) -> None:
        """Returns when each of them has been asked for once, or when that has taken too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_READY_WITHIN_S):
                await self._tried.wait()

    async def aclose(self) -> None:
        """Make no more."""
        if self._making is not None:
            self._making.cancel()
            await asyncio.gather(self._making, return_exceptions=True)

    async def _make_missing(self) -> None:
        """Until all are there in the voice that is meant, which may be away when the process starts."""
        delay = _FIRST_RETRY_S
        while missing := self._cache.missing(self._voice):
            for text in missing:
                await self._attempt(text)
            self._tried.set()
            if self._cache.missing(self._voice):
                await asyncio.sleep(delay)
                delay = min(delay * 2, _LONGEST_RETRY_S)
        self._tried.set()

    async def _attempt(self, text: Text) -> None:
        try:
            await self._make(text)
        except ProviderError as error:
            logger.warning("a phrase could not be made yet", extra={"problem": error.kind})
        except Exception as error:  # noqa: BLE001 - a defect of one phrase must not keep the others from being made
            logger.error("a phrase could not be made", extra={"error": where(error)})  # noqa: TRY400 - as above


def _phrases(agent: AgentText) -> Iterator[Text]:
    """What the agent says without a model, cut into what is spoken at a time; the most needed first."""
    phrases = agent.phrases
    for phrase in (phrases.apology, phrases.still_there, phrases.goodbye, agent.greeting or ""):
        segmenter = Segmenter()
        for segment in segmenter.feed(phrase) + segmenter.flush():
            if is_speakable(segment):
                yield Text(agent.language, segment.strip())
