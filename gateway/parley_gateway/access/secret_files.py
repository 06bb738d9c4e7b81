"""Secrets in mounted files, compared so that the time it takes tells nothing."""

from __future__ import annotations

import hmac
import logging
from pathlib import PurePath

from parley_gateway.files import WatchedFile

logger = logging.getLogger(__name__)


class SecretFile:
    """One secret. The file is read again when it has changed, so that the secret can be rotated or revoked."""

    def __init__(self, path: PurePath) -> None:
        """Read it for the first time. Raises OSError or ValueError."""
        self._file = WatchedFile(path)
        self._file.text()

    @property
    def name(self) -> str:
        """Of the file, by which logs and metrics know the holder."""
        return self._file.path.name

    def value(self) -> bytes:
        """What it is now; empty where it cannot be read, which then matches nothing."""
        try:
            return self._file.text().strip().encode()
        except (OSError, ValueError):
            logger.warning(
                "a secret's file cannot be read; nothing matches it", extra={"file": str(self._file.path)}
            )
            return b""

    def matches(self, presented: bytes) -> bool:
        """Whether this is the secret, in constant time."""
        value = self.value()
        return hmac.compare_digest(presented, value) and bool(value)
