"""Asks a Redis whether it takes an address: PING, as the user whom the address names."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, BusyLoadingError, NoPermissionError, RedisError, ResponseError
from redis.maint_notifications import MaintNotificationsConfig

from parley_cli.checks.stores import Answer, Told


def hosts(url: str) -> list[str]:
    """Of the address; raises ValueError for what is none."""
    parts = urlsplit(url)
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise ValueError("no redis:// or rediss://")
    return [parts.hostname]


async def asked(url: str, *, within: float) -> Told:
    """One PING, not tried again. Messages of the client are left out: they may quote the address."""
    try:
        client = Redis.from_url(
            url,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            driver_info=None,
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
    except ValueError:
        return Told(Answer.REFUSED, "the client cannot read all of the address")
    try:
        async with asyncio.timeout(within):
            await client.ping()
        return Told(Answer.TAKEN)
    except NoPermissionError:
        return Told(Answer.TAKEN, ", and lets this user not PING")
    except AuthenticationError:
        return Told(Answer.REFUSED, "it wants another user or password")
    except BusyLoadingError:
        return Told(Answer.AWAY, "it is still loading")
    except ResponseError:
        return Told(Answer.REFUSED, "it has no such database")
    except TimeoutError:
        return Told(Answer.AWAY, f"no answer within {within:g} s")
    except (RedisError, OSError):
        return Told(Answer.AWAY, "no connection")
    finally:
        await client.aclose()
