"""Archives of images that were built: kept, so that what has not changed is neither built nor exported again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from localcluster.cache import make_once
from localcluster.locks import locked
from localcluster.progress import Progress

KEPT = 2
"""Of each image: half a gigabyte each, and seldom are more than two versions in turn of use."""


@dataclass(frozen=True)
class Archives:
    """A folder of archives that checkouts share."""

    folder: Path
    progress: Progress

    @contextmanager
    def kept(self, name: str, key: str, make: Callable[[Path], Path]) -> Iterator[Path]:
        """The archive of the image `name` made of what `key` says, for as long as the block lasts.

        `make` is called where there is none; it gets an empty folder, and returns what it wrote there.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self._lock, shared=True):
            made = make_once(self._place(name, key), what=f"keeping {name}", make=make, progress=self.progress)
            os.utime(made)
            yield made
        self._forget(name)

    @property
    def _lock(self) -> Path:
        """Shared by those who make and read; whoever removes has it alone."""
        return self.folder / "lock"

    def _place(self, name: str, key: str) -> Path:
        return self.folder / f"{name}-{key}.tar"

    def _forget(self, name: str) -> None:
        """Remove all but those of `name` that were used last, and what a maker that was killed left behind."""
        if not self._too_many(name):
            return
        with locked(self._lock):
            for archive in self._too_many(name):
                archive.unlink()
                archive.with_name(f"{archive.name}.lock").unlink(missing_ok=True)
            for half in self.folder.glob(f".{name}-*"):
                shutil.rmtree(half)

    def _too_many(self, name: str) -> list[Path]:
        found = sorted(self.folder.glob(f"{name}-*.tar"), key=lambda path: path.stat().st_mtime)
        return found[:-KEPT]
