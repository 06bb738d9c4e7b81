"""Small mounted files that may change while the process runs."""

from __future__ import annotations

from pathlib import Path, PurePath

_LARGEST = 1 << 20


class WatchedFile:
    """The text of a file, read again only when it has changed.

    Kubernetes replaces a mounted Secret or ConfigMap by moving a symbolic link: the file is then another one,
    so inode, size and time of change together tell.
    """

    def __init__(self, path: PurePath) -> None:
        self.path = Path(path)
        self._version: tuple[int, int, int] | None = None
        self._text = ""

    def text(self) -> str:
        """What the file holds now. Raises OSError, or ValueError for what is no text or too long."""
        status = self.path.stat()
        version = (status.st_ino, status.st_size, status.st_mtime_ns)
        if version != self._version:
            if status.st_size > _LARGEST:
                raise ValueError(f"{self.path} has more than {_LARGEST} bytes")
            self._text = self.path.read_text(encoding="utf-8")
            self._version = version
        return self._text
