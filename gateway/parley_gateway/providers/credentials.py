"""API keys in files, as Kubernetes mounts them: a rotated Secret is used from the next request on."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Generic, TypeVar

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError

C = TypeVar("C")

_KEY = re.compile(r"[\x21-\x7e]{1,4096}")
"""What can stand in an HTTP header as one word."""


class KeyFile:
    """One provider's API key. Reading costs one `stat` while the file is unchanged."""

    def __init__(self, stage: Stage, path: PurePath) -> None:
        self._stage = stage
        self._path = Path(path)
        self._version: tuple[int, int, int] | None = None
        self._key = ""

    def read(self) -> str:
        """The key as the file holds it now, without white space around it.

        Raises ProviderError (refused) where there is no usable key; the message names the file, never its content.
        """
        try:
            stat = self._path.stat()
            version = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
            if version != self._version:
                self._key = self._usable(self._path.read_bytes())
                self._version = version
        except OSError as error:
            raise self._refused(
                f"cannot be read ({error.strerror}): mount the Secret that holds the key"
            ) from None
        return self._key

    def _usable(self, content: bytes) -> str:
        key = content.decode("ascii", errors="replace").strip()
        if not key:
            raise self._refused("is empty: put the API key into it")
        if not _KEY.fullmatch(key):
            raise self._refused("does not hold one API key alone: it has spaces, line breaks or other characters")
        return key

    def _refused(self, problem: str) -> ProviderError:
        return ProviderError(self._stage, FailureKind.REFUSED, f"the key file {self._path} {problem}")


class KeyedClient(Generic[C]):
    """An SDK's client that carries the key which its file holds now. Raises ProviderError for a missing key."""

    def __init__(self, key: KeyFile, build: Callable[[str], C]) -> None:
        self._key = key
        self._build = build
        self._built: tuple[str, C] | None = None

    def current(self) -> C:
        """The client to use for the next request."""
        key = self._key.read()
        if self._built is None or self._built[0] != key:
            self._built = (key, self._build(key))
        return self._built[1]
