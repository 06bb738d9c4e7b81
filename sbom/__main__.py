"""`python -m sbom`: build the images as `make run` does, and write what is in each to build/sbom."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from localcluster.images import Build, Images
from localcluster.progress import Progress
from quickstart.clusters.local import LocalNode
from quickstart.images import ROOT, Image, images
from sbom.archive import ArchiveError, read_image
from sbom.components import is_wanted
from sbom.cyclonedx import Json, document
from sbom.lock import locked_hashes

OUTPUT = ROOT / "build" / "sbom"


def bill(image: Image, archive: Path) -> Json:
    """What is in the archive of one of the project's images. Raises ArchiveError."""
    found = read_image(archive, wanted=is_wanted)
    lock = (ROOT / "requirements" / f"{image.name}.txt").read_text()
    return document(found, name=image.reference("parley"), hashes=locked_hashes(lock))


@contextmanager
def _archive(image: Image) -> Iterator[Path]:
    """The image, built without a daemon; unchanged layers are those of the last build."""
    builder = Images(progress=Progress())
    reference = image.reference(LocalNode.repository)
    builder.build(Build(reference, ROOT / image.dockerfile, ROOT, image.arguments))
    with builder.exported(reference) as archive:
        yield archive


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one file for each image; 1 with the reason where an archive cannot be read."""
    parser = argparse.ArgumentParser(prog="sbom", description="What is in the images, as CycloneDX JSON.")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    for image in images():
        parser.add_argument(
            f"--{image.name}", type=Path, metavar="ARCHIVE", help="from `docker save`; else it is built"
        )
    found = parser.parse_args(arguments)
    found.output.mkdir(parents=True, exist_ok=True)
    for image in images():
        given: Path | None = getattr(found, image.name)
        try:
            if given:
                content = bill(image, given)
            else:
                with _archive(image) as archive:
                    content = bill(image, archive)
        except ArchiveError as error:
            print(error, file=sys.stderr)
            return 1
        path = found.output / f"parley-{image.name}-{image.tag}.cdx.json"
        path.write_text(json.dumps(content, indent=2) + "\n")
        print(f"{path}: {len(content['components'])} components")
    return 0


if __name__ == "__main__":
    sys.exit(main())
