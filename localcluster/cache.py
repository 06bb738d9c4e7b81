"""Things made once and kept: atomically, under a lock, in a folder that checkouts share."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from localcluster.locks import locked
from localcluster.progress import Progress


def make_once(final: Path, *, what: str, make: Callable[[Path], Path], progress: Progress) -> Path:
    """The file or folder `final`; made if it is not there yet.

    `make` gets an empty folder beside the final place and returns what it made there, which is
    then renamed: a crash leaves no half thing under the final name. Whoever comes second waits.
    """
    if final.exists():
        return final
    lock = final.with_name(f"{final.name}.lock")
    with locked(lock, on_wait=lambda: progress.say(f"waiting: another process is {what}")):
        if not final.exists():
            with (
                progress.step(what),
                tempfile.TemporaryDirectory(dir=final.parent, prefix=f".{final.name}-") as folder,
            ):
                make(Path(folder)).rename(final)
    return final
