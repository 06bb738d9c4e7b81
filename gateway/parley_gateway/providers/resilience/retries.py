"""Whether, and when, a request is tried again at the same provider."""

from __future__ import annotations

from dataclasses import dataclass

from parley_gateway.conversation.events import FailureKind
from parley_gateway.ports import ProviderError

FIRST_BACKOFF_S = 0.2
LONGEST_BACKOFF_S = 2.0
MOST_KEYS = 16
"""Attempts with another key are not counted, for each key is refused once; and yet they must come to an end."""


@dataclass(slots=True)
class Retries:
    """One request's at one provider.

    Full jitter: a random part of a bound that doubles, so that requests which failed together do not come back
    together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """

    limit: int
    _used: int = 0
    _other_keys: int = 0

    def wait(self, error: ProviderError, *, patience_s: float, jitter: float) -> float | None:
        """Seconds to wait before another attempt; None where that would be of no use, or too late.

        `jitter`: of [0, 1). Longer than `patience_s` is too late.
        """
        if error.another and self._other_keys < MOST_KEYS:
            self._other_keys += 1
            return 0.0
        if error.kind is FailureKind.REFUSED or self._used >= self.limit:
            return None
        backoff = min(FIRST_BACKOFF_S * 2.0**self._used, LONGEST_BACKOFF_S) * jitter
        wait = backoff if error.retry_after is None else error.retry_after + backoff
        if wait > patience_s:
            return None
        self._used += 1
        return wait
