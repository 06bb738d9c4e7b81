"""API keys in files, as Kubernetes mounts them: a rotated Secret is used from the next request on."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path, PurePath
from typing import Generic, TypeVar

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError
from parley_gateway.providers.errors import KeyRefusedError
from parley_gateway.providers.resilience.key_queue import KeyQueue
from parley_gateway.providers.resilience.key_ring import UNLIMITED, KeyLimits, KeyRing, Turn
from parley_gateway.providers.resilience.observer import ResilienceObserver, Unwatched

C = TypeVar("C")
_Version = tuple[int, int, int]
logger = logging.getLogger(__name__)

_REST_S = 1.0
"""How long a key rests that the provider wants spared, where it does not say how long."""
_CLIENTS_KEPT = 32
"""Twice the keys that a provider can have: rotated ones are forgotten in time."""

_KEY = re.compile(r"[\x21-\x7e]{1,4096}")
"""What can stand in an HTTP header as one word."""


class KeyFile:
    """One provider's API key. Reading costs one `stat` while the file is unchanged."""

    def __init__(self, stage: Stage, path: PurePath) -> None:
        self.path = Path(path)
        self._stage = stage
        self._seen: _Version | None = None
        self._version: _Version | None = None
        self._key = ""

    @property
    def changed(self) -> bool:
        """Whether the file is another one than was last looked into."""
        try:
            return self._version_now() != self._seen
        except OSError:
            return False

    def read(self) -> str:
        """The key as the file holds it now, without white space around it.

        Raises ProviderError (refused) where there is no usable key; the message names the file, never its content.
        """
        try:
            version = self._seen = self._version_now()
            if version != self._version:
                self._key = self._usable(self.path.read_bytes())
                self._version = version
        except OSError as error:
            raise self._refused(
                f"cannot be read ({error.strerror}): mount the Secret that holds the key"
            ) from None
        return self._key

    def _version_now(self) -> _Version:
        stat = self.path.stat()
        return stat.st_mtime_ns, stat.st_ino, stat.st_size

    def _usable(self, content: bytes) -> str:
        key = content.decode("ascii", errors="replace").strip()
        if not key:
            raise self._refused("is empty: put the API key into it")
        if not _KEY.fullmatch(key):
            raise self._refused("does not hold one API key alone: it has spaces, line breaks or other characters")
        return key

    def _refused(self, problem: str) -> ProviderError:
        return ProviderError(self._stage, FailureKind.REFUSED, f"the key file {self.path} {problem}")


class Keys:
    """The keys of one provider, lent to requests: spread over those that work, each within its limits."""

    def __init__(
        self,
        stage: Stage,
        files: Sequence[PurePath] = (),
        *,
        limits: KeyLimits = UNLIMITED,
        patience_s: float = 5.0,
        provider: str = "",
        observer: ResilienceObserver | None = None,
    ) -> None:
        """No files: requests go without a key, within the same limits. `patience_s`: how long one may wait."""
        self._stage = stage
        self._provider = provider
        self._observer = observer or Unwatched()
        self._files = [KeyFile(stage, path) for path in files]
        self._ring = KeyRing(max(1, len(files)), limits)
        self._queue = KeyQueue(stage, self._ring, patience_s=patience_s, on_waiting=self._on_waiting)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._files)

    @property
    def aside(self) -> int:
        """How many are set aside, since the provider or the disk refused them."""
        return self._ring.aside(_now())

    def usable(self) -> list[str]:
        """All that files hold and that are not set aside, for a connection each."""
        found = []
        for number, file in enumerate(self._files):
            if not self._ring.is_aside(number, _now()):
                with suppress(ProviderError):
                    found.append(file.read())
        return found if self._files else [""]

    def check(self) -> str:
        """A key that a file holds; empty where none is needed. Raises ProviderError (refused) for lack of one."""
        if not self._files:
            return ""
        for file in self._files[:-1]:
            with suppress(ProviderError):
                return file.read()
        return self._files[-1].read()

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[str]:
        """A key for one request, or one connection, for as long as this is entered. Empty where none is needed.

        Raises ProviderError: refused where no file holds a key, rate-limited where no key has room in time.
        One that passes through says how the key fared, and learns when another attempt could begin.
        """
        turn, key = await self._next()
        try:
            yield key
            self._ring.accepted(turn)
        except ProviderError as error:
            self._learn(turn, error)
            raise
        finally:
            self._queue.release(turn)

    async def _next(self) -> tuple[Turn, str]:
        self._readmit_changed()
        while True:
            turn = await self._queue.turn()
            try:
                return turn, self._files[turn.key].read() if self._files else ""
            except ProviderError:
                self._set_aside(turn.key)
                self._queue.release(turn)
                if self._all_aside:
                    raise

    def _readmit_changed(self) -> None:
        """A new key in a file that held a refused one counts at once."""
        for number in self._ring.refused():
            if self._files and self._files[number].changed:
                self._ring.readmit(number)

    def _learn(self, turn: Turn, error: ProviderError) -> None:
        if isinstance(error, KeyRefusedError):
            self._set_aside(turn.key)
            error.another = not self._all_aside
        elif error.kind is FailureKind.RATE_LIMITED:
            now = _now()
            self._ring.rest(turn.key, now + (_REST_S if error.retry_after is None else error.retry_after))
            error.another = self._ring.wait(now) == 0

    def _set_aside(self, number: int) -> None:
        if self._ring.refuse(number, _now()):
            self._observer.key_set_aside(self._stage, self._provider)
            file = str(self._files[number].path) if self._files else None
            told = {"stage": self._stage, "provider": self._provider, "file": file}
            logger.warning("a key was set aside", extra=told)

    @property
    def _all_aside(self) -> bool:
        return self.aside == self._ring.count

    def _on_waiting(self, number: int) -> None:
        self._observer.requests_waiting(self._stage, self._provider, number)


class KeyedClients(Generic[C]):
    """An SDK's clients, one per key in use."""

    def __init__(self, keys: Keys, build: Callable[[str], C]) -> None:
        self._keys = keys
        self._build = build
        self._built: dict[str, C] = {}

    def any(self) -> C:
        """A client to look at, not to ask with. Raises ProviderError (refused) where no file holds a key."""
        return self._of(self._keys.check())

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[C]:
        """The client to use for one request, with `Keys.lease`'s key and failures."""
        async with self._keys.lease() as key:
            yield self._of(key)

    def _of(self, key: str) -> C:
        if key not in self._built:
            if len(self._built) >= _CLIENTS_KEPT:
                del self._built[next(iter(self._built))]
            self._built[key] = self._build(key)
        return self._built[key]


def _now() -> float:
    return asyncio.get_running_loop().time()
