"""Recognition that goes on although a provider fails: the next stream of a session is another provider's."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from copy import copy
from typing import Self

from parley_gateway.audio.formats import ms_to_bytes
from parley_gateway.audio.resample import Resampler
from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError, Stt, SttEvent, SttRequest, SttStream
from parley_gateway.providers.deadlines import closing
from parley_gateway.providers.rates import at_rate
from parley_gateway.providers.resilience.lineup import Lineup
from parley_gateway.providers.resilience.member import Member, failure_of_defect

SHUNNED_S = 30.0
"""How long a session is not given a provider that has failed it, while there is another."""
_SESSIONS_REMEMBERED = 2000
_FRAME_MS = 100

Failed = Callable[[str, Member[Stt]], bool]


class ResilientStt:
    """The recogniser of a stage, whoever provides it. Implements `ports.Stt`.

    A stream that breaks is opened anew by the session, which keeps the audio: here is only decided by whom.
    """

    def __init__(self, lineup: Lineup[Stt]) -> None:
        self.lineup = lineup
        self.sample_rate = lineup.primary.sample_rate
        """Hz of the first provider; audio for the others is brought to theirs."""
        self._shunned: OrderedDict[str, dict[str, float]] = OrderedDict()

    def at(self, rate: int) -> Self:
        """The same recognisers, for audio of that rate as far as the first one takes it."""
        same = copy(self)
        same.sample_rate = at_rate(self.lineup.primary, rate).sample_rate
        return same

    @property
    def owns_turns(self) -> bool:
        """Of the first provider; each stream has its own."""
        return self.lineup.primary.owns_turns

    async def warm(self) -> None:
        """Make ready whoever serves first. Raises ProviderError."""
        await self.lineup.warm()

    def open(self, request: SttRequest) -> SttStream:
        """Begin to recognise one session, by the first provider that works and has not just failed it."""
        member = self._choose(request.session)
        return ResilientStream(member, request, rate=self.sample_rate, failed=self._failed)

    async def aclose(self) -> None:
        """Let go of everything."""
        self._shunned.clear()
        await self.lineup.aclose()

    def _choose(self, session: str) -> Member[Stt]:
        shunned, now = self._shunned.get(session, {}), _now()
        in_service = self.lineup.in_service
        fresh = [member for member in in_service if shunned.get(member.name, 0.0) <= now]
        return fresh[0] if fresh else min(in_service, key=lambda member: shunned[member.name])

    def _failed(self, session: str, member: Member[Stt]) -> bool:
        """Remembers it; returns whether there is somebody else to ask at once."""
        shunned = self._shunned.setdefault(session, {})
        shunned[member.name] = _now() + SHUNNED_S
        self._shunned.move_to_end(session)
        while len(self._shunned) > _SESSIONS_REMEMBERED:
            self._shunned.popitem(last=False)
        other = self._choose(session)
        if shunned.get(other.name, 0.0) > _now():
            return False
        member.observer.failed_over(Stage.STT, member.name, other.name)
        return True


class ResilientStream:
    """One stream at one provider, at the stage's rate. Implements `ports.SttStream`."""

    def __init__(self, member: Member[Stt], request: SttRequest, *, rate: int, failed: Failed) -> None:
        self._member = member
        self._session = request.session
        self._failed = failed
        self._began = _now()
        provider = at_rate(member.provider, rate)
        self._stream = provider.open(request)
        self._resampler = Resampler(rate, provider.sample_rate)

    @property
    def owns_turns(self) -> bool:
        """Whether this provider says when turns end."""
        return self._stream.owns_turns

    def send(self, pcm: bytes) -> int:
        """Hand over audio; returns the ms dropped to stay bounded."""
        return self._stream.send(self._resampler.feed(pcm))

    def finalize(self) -> None:
        """Ask for a final transcript of what was sent so far, now."""
        self._stream.finalize()

    def abort(self) -> None:
        """Let go at once."""
        self._stream.abort()

    async def events(self) -> AsyncGenerator[SttEvent, None]:
        """What is heard. Raises ProviderError, which says whether another provider is there to go on."""
        try:
            async with closing(self._stream.events()) as events:
                async for event in events:
                    self._member.succeeded(began=self._began)
                    yield event
        except ProviderError as error:
            raise self._told(error) from None
        except Exception as error:  # noqa: BLE001 - a defect of an SDK is a failure like another
            raise self._told(failure_of_defect(Stage.STT, error)) from None

    def _told(self, error: ProviderError) -> ProviderError:
        self._member.failed(error.kind)
        if not error.another:
            error.another = self._failed(self._session, self._member)
        return error


async def probe(stt: Stt, *, listen_s: float) -> None:
    """Listen to silence for so long: a recogniser that is away refuses, cuts, or misses its own deadline.

    Raises ProviderError.
    """
    stream = stt.open(SttRequest(session="probe", language="en-US"))

    async def hear() -> None:
        async with closing(stream.events()) as events:
            async for _ in events:
                return
        raise ProviderError(Stage.STT, FailureKind.CUT, "the stream ended by itself")

    hearing = asyncio.create_task(hear())
    try:
        for _ in range(round(listen_s * 1000 / _FRAME_MS)):
            stream.send(bytes(ms_to_bytes(_FRAME_MS, stt.sample_rate)))
            done, _ = await asyncio.wait({hearing}, timeout=_FRAME_MS / 1000)
            if done:
                return hearing.result()
    finally:
        stream.abort()
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)


def _now() -> float:
    return asyncio.get_running_loop().time()
