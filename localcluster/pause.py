"""The pause image, which holds the namespaces of a pod: ten lines of Go, made here."""

from __future__ import annotations

from pathlib import Path

from localcluster.builds import BuildCache, architecture
from localcluster.cache import make_once
from localcluster.oci import single_file_image
from localcluster.progress import Progress
from localcluster.versions import PAUSE

PAUSE_IMAGE = "localhost/parley-pause:1"


def pause_archive(builds: BuildCache, *, cache: Path, progress: Progress) -> Path:
    """The image as an OCI archive in the cache; its build must be there."""
    binary = builds.binary(PAUSE, "pause")

    def make(folder: Path) -> Path:
        archive = folder / "pause.tar"
        archive.write_bytes(single_file_image(binary, name=PAUSE_IMAGE, architecture=architecture()))
        return archive

    final = cache / "images" / f"{builds.folder(PAUSE).name}.tar"
    final.parent.mkdir(parents=True, exist_ok=True)
    return make_once(final, what="making the pause image", make=make, progress=progress)
