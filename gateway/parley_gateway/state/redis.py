"""What all pods share, in Redis: a lease for each seat, and a sum for each purse.

Every call may be repeated without harm, so one that timed out is no riddle. Clocks of pods do not matter: leases
are reckoned by Redis's own. Keys begin with `parley:<namespace>/<name>:` and expire by themselves.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

from parley_gateway.files import WatchedFile
from parley_gateway.state.shared import AwayError, Entered, Posting, Purse, Seat

_logger = logging.getLogger(__name__)

LEASE_S = 30.0
"""After so long the seats of a process that was killed are free."""
CALL_S = 0.25
"""For any call, so that nobody who comes in waits longer for an answer."""
CONNECT_S = 2.0
"""For the first call after an outage, made by nobody who waits."""
BACKOFF_S = (0.5, 1.0, 2.0, 4.0, 8.0)
_KEEP_DAYS_S = 2 * 24 * 3600
"""A day's sums stay until every time zone has left the day, and the last posting has come."""
_BATCH = 500
"""Commands in one round trip."""

_ENTER = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  return 0
end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""
_RENEW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('ZSCORE', KEYS[1], ARGV[1])
if held or ARGV[3] == '1' then
  redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return held and 1 or 0
"""
_POST = """
local last = redis.call('HGET', KEYS[1], ARGV[1])
if not last or tonumber(ARGV[2]) > tonumber(last) then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('HINCRBY', KEYS[1], 'micros', ARGV[3])
  redis.call('EXPIRE', KEYS[1], ARGV[4])
end
return redis.call('HGET', KEYS[1], 'micros')
"""

_FIRST = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PXAT', ARGV[2]) then
  return 1
end
return redis.call('GET', KEYS[1]) == ARGV[1] and 1 or 0
"""

_Item = TypeVar("_Item")


class RedisShared:
    """One process's view of it. `patient` calls are those of the background: only they try again after a loss."""

    def __init__(
        self,
        url_file: WatchedFile,
        *,
        deployment: str,
        lease_s: float = LEASE_S,
        call_s: float = CALL_S,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Raises OSError or ValueError for a file without an address; nothing is connected yet."""
        self._url_file = url_file
        self._prefix = f"parley:{deployment}:"
        self._call_s = call_s
        self._lease_ms = int(lease_s * 1000)
        self._jitter = jitter
        self._process = secrets.token_hex(8)
        """Numbers of postings count in it."""
        self._url = ""
        self._client = self._connected()
        self._failures = 0
        self._problem: str | None = None
        self._retry_at = 0.0

    # --- shared.Shared ---

    async def enter(self, seat: Seat | None, *, cap: int, purses: Sequence[Purse]) -> Entered:
        """One round trip."""

        def fill(pipeline: Pipeline) -> None:
            if seat is not None:
                pipeline.eval(_ENTER, 1, self._seats(seat), seat.session, cap, self._lease_ms)
            for purse in purses:
                pipeline.hget(self._sum(purse), "micros")

        answers = await self._call(fill, patient=False)
        seated = seat is None or answers.pop(0) == 1
        return Entered(seated, {purse: int(micros or 0) for purse, micros in zip(purses, answers, strict=True)})

    async def leave(self, seats: Sequence[Seat]) -> None:
        """Give them back now, rather than when their leases end."""
        for batch in _batches(seats):

            def fill(pipeline: Pipeline, batch: Sequence[Seat] = batch) -> None:
                for seat in batch:
                    pipeline.zrem(self._seats(seat), seat.session)

            await self._call(fill, patient=False)

    async def renew(self, seats: Sequence[Seat], *, retake: bool) -> bool:
        """For another lease."""
        held = True
        for batch in _batches(seats):

            def fill(pipeline: Pipeline, batch: Sequence[Seat] = batch) -> None:
                for seat in batch:
                    pipeline.eval(_RENEW, 1, self._seats(seat), seat.session, self._lease_ms, int(retake))

            held &= all(await self._call(fill, patient=True))
        return held

    async def post(self, postings: Sequence[Posting]) -> Mapping[Purse, int]:
        """With none to post it is a look at whether Redis is there."""
        spent: dict[Purse, int] = {}
        for batch in _batches(postings) if postings else ((),):

            def fill(pipeline: Pipeline, batch: Sequence[Posting] = batch) -> None:
                for one in batch:
                    key = self._sum(one.purse)
                    pipeline.eval(_POST, 1, key, self._process, one.number, one.micros, _KEEP_DAYS_S)
                if not batch:
                    pipeline.ping()

            answers = await self._call(fill, patient=True)
            spent |= {one.purse: int(micros) for one, micros in zip(batch, answers, strict=False)}
        return spent

    async def look(self, purses: Sequence[Purse]) -> Mapping[Purse, int]:
        """Nothing is asked where there are none."""
        spent: dict[Purse, int] = {}
        for batch in _batches(purses):

            def fill(pipeline: Pipeline, batch: Sequence[Purse] = batch) -> None:
                for purse in batch:
                    pipeline.hget(self._sum(purse), "micros")

            answers = await self._call(fill, patient=True)
            spent |= {purse: int(micros or 0) for purse, micros in zip(batch, answers, strict=True)}
        return spent

    async def first(self, name: str, *, until: float) -> bool:
        """Whoever asks gives a mark of its own, so that a call that is repeated is told the same."""
        mark = secrets.token_hex(8)

        def fill(pipeline: Pipeline) -> None:
            pipeline.eval(_FIRST, 1, f"{self._prefix}used:{name}", mark, int(until * 1000))

        (first,) = await self._call(fill, patient=False)
        return bool(first == 1)

    def health(self) -> dict[str, Any]:
        """Whether it could be reached when it was last tried."""
        if self._problem is None:
            return {"status": "ok"}
        return {"status": "failing", "problem": self._problem}

    async def aclose(self) -> None:
        """Let go; bounded in time."""
        await _closed(self._client)

    # --- the connection ---

    async def _call(self, fill: Callable[[Pipeline], None], *, patient: bool) -> list[Any]:
        """One round trip, with a deadline."""
        deadline = self._call_s
        if self._problem is not None:
            if not patient or asyncio.get_running_loop().time() < self._retry_at:
                raise AwayError
            deadline = CONNECT_S
        try:
            async with asyncio.timeout(deadline):
                if self._problem is not None:
                    await self._reconnect()
                pipeline = self._client.pipeline(transaction=False)
                fill(pipeline)
                answers: list[Any] = await pipeline.execute()
        except (RedisError, OSError, ValueError, TimeoutError) as error:
            self._lost(error)
            raise AwayError from None
        self._found()
        return answers

    def _connected(self) -> Redis:
        """A client for the address in the file, which may have changed.

        It has no deadline of its own for a call: it would use Python 3.11's `wait_for`, which may lose a
        cancellation, and with it our deadline.
        """
        self._url = self._url_file.text().strip()
        return Redis.from_url(
            self._url,
            socket_connect_timeout=CONNECT_S,
            socket_timeout=None,
            retry=Retry(NoBackoff(), 1),
            max_connections=64,
            protocol=2,
            driver_info=None,
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )

    async def _reconnect(self) -> None:
        if self._url_file.text().strip() != self._url:
            old, self._client = self._client, self._connected()
            await _closed(old)

    def _lost(self, error: Exception) -> None:
        """The message is left out: it may hold the address, and with it a password."""
        if self._problem is None:
            _logger.warning("redis is away", extra={"error": type(error).__name__})
        self._problem = type(error).__name__
        backoff = BACKOFF_S[min(self._failures, len(BACKOFF_S) - 1)]
        self._failures += 1
        self._retry_at = asyncio.get_running_loop().time() + backoff * (0.5 + self._jitter() / 2)

    def _found(self) -> None:
        if self._problem is not None:
            _logger.info("redis is back")
        self._problem = None
        self._failures = 0

    # --- keys ---

    def _seats(self, seat: Seat) -> str:
        return f"{self._prefix}seats:{seat.user}"

    def _sum(self, purse: Purse) -> str:
        return f"{self._prefix}spent:{purse.day.isoformat()}:{purse.name}"


async def _closed(client: Redis) -> None:
    try:
        async with asyncio.timeout(CALL_S):
            await client.aclose()
    except (RedisError, OSError, TimeoutError):
        _logger.debug("a connection to redis did not close by itself")


def _batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    rest = iter(items)
    while batch := tuple(islice(rest, _BATCH)):
        yield batch
