"""HTTP headers whose values are kept in mounted files, as Kubernetes mounts Secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath

from parley_gateway.files import WatchedFile

_VALUE = re.compile(r"[\x20-\x7e]{1,8192}")


class BadHeaderError(ValueError):
    """A header's file is missing or unusable; the message names the file, never its content."""


class SecretHeaders:
    """Those of one tool; a rotated Secret is used from the next call on."""

    def __init__(self, files: Mapping[str, PurePath]) -> None:
        self._files = {name: WatchedFile(path) for name, path in files.items()}

    def read(self) -> dict[str, str]:
        """The headers as they are now. Raises BadHeaderError."""
        return {name: self._value(name, file) for name, file in self._files.items()}

    def _value(self, name: str, file: WatchedFile) -> str:
        try:
            value = file.text().strip()
        except (OSError, ValueError):
            raise BadHeaderError(f"the file {file.path} of header {name} cannot be read") from None
        if not _VALUE.fullmatch(value):
            raise BadHeaderError(f"the file {file.path} of header {name} does not hold one line of plain text")
        return value
