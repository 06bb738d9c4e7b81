"""The pause image, which holds the namespaces of a pod: ten lines of Go, made here."""

from __future__ import annotations

from pathlib import Path

from localcluster.builds import BuildCache
from localcluster.program_image import program_archive
from localcluster.progress import Progress
from localcluster.versions import PAUSE

PAUSE_IMAGE = "localhost/parley-pause:1"


def pause_archive(builds: BuildCache, *, cache: Path, progress: Progress) -> Path:
    """The image as an OCI archive in the cache; its build must be there."""
    return program_archive(builds, PAUSE, "pause", image=PAUSE_IMAGE, cache=cache, progress=progress)
