"""Images of one program of a build, kept in the cache as archives that containerd imports."""

from __future__ import annotations

from pathlib import Path

from localcluster.builds import BuildCache, architecture
from localcluster.cache import make_once
from localcluster.oci import single_file_image
from localcluster.progress import Progress
from localcluster.versions import GoBuild


def program_archive(
    builds: BuildCache, build: GoBuild, program: str, *, image: str, cache: Path, progress: Progress
) -> Path:
    """The image called `image` as an OCI archive in the cache; its build must be there."""

    def make(folder: Path) -> Path:
        archive = folder / "image.tar"
        content = single_file_image(builds.binary(build, program), name=image, architecture=architecture())
        archive.write_bytes(content)
        return archive

    final = cache / "images" / f"{builds.folder(build).name}-{program}.tar"
    final.parent.mkdir(parents=True, exist_ok=True)
    return make_once(final, what=f"making the image of {program}", make=make, progress=progress)
