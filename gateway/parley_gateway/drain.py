"""The way out: nothing is cut that can be finished, and every wait has an end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable

from parley_gateway.sessions import Sessions

logger = logging.getLogger(__name__)

_FLUSH_S = 5.0
"""For the last words to the clients after the drain time."""
_MARGIN_S = 2.0
"""Sessions end themselves at the deadline; this is for those that do not."""


_AT_ONCE_S = 1.0
"""For rows on their way to a database that is there."""


class Stop:
    """The wish of the process's owner: once to stop gently, twice to stop soon."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.hurry = asyncio.Event()

    def ask(self) -> None:
        """A signal has come."""
        (self.hurry if self.asked.is_set() else self.asked).set()


async def drain(sessions: Sessions, *, timeout_s: float, hurry: asyncio.Event) -> None:
    """Let the sessions finish for `timeout_s`, or until somebody is in a hurry; then end them, each told why."""
    logger.info("draining", extra={"sessions": len(sessions), "timeout_s": timeout_s})
    sessions.drain(deadline_s=timeout_s)
    ended = asyncio.ensure_future(sessions.ended())
    hurried = asyncio.ensure_future(hurry.wait())
    try:
        await asyncio.wait({ended, hurried}, timeout=timeout_s + _MARGIN_S, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            sessions.end_all()
            await asyncio.wait({ended}, timeout=_FLUSH_S)
        if not ended.done():
            logger.error("sessions did not end", extra={"sessions": len(sessions)})
            await sessions.abort()
    finally:
        ended.cancel()
        hurried.cancel()
    logger.info("drained")


async def settle(settled: Awaitable[None], *, timeout_s: float, hurry: asyncio.Event) -> None:
    """Wait for what was kept to arrive where it belongs: the pod's disk goes with the pod."""
    waiting = asyncio.ensure_future(settled)
    hurried = asyncio.ensure_future(hurry.wait())
    try:
        await asyncio.wait({waiting}, timeout=_AT_ONCE_S)
        if not waiting.done():
            logger.warning(
                "rows wait for their destination: a second signal leaves them to the next process",
                extra={"timeout_s": round(timeout_s, 1)},
            )
            await asyncio.wait({waiting, hurried}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        hurried.cancel()
