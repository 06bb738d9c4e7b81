"""The files of an image, from an archive as `docker save`, `podman save` and buildah write it.

Nothing is unpacked: layers are read in order, and of the files only those that are wanted are kept.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_OPAQUE = ".wh..wh..opq"
_WHITEOUT = ".wh."


class ArchiveError(Exception):
    """The file is no archive of one image."""


@dataclass(frozen=True)
class ImageFiles:
    """What an image is called, says of itself, and contains."""

    digest: str
    """SHA-256 of its configuration: what engines call the image's id."""
    labels: Mapping[str, str]
    architecture: str
    files: Mapping[str, bytes]
    """By path, without a leading slash."""


def read_image(archive: Path, *, wanted: Callable[[str], bool]) -> ImageFiles:
    """The image's labels, and those of its files whose path is wanted.

    Raises ArchiveError.
    """
    with tarfile.open(archive) as outer:
        try:
            [manifest] = json.load(_member(outer, "manifest.json"))
        except (ValueError, KeyError) as error:
            raise ArchiveError(f"{archive} is no archive of one image: write it with `docker save`") from error
        text = _member(outer, manifest["Config"]).read()
        configuration: dict[str, Any] = json.loads(text)
        files: dict[str, bytes] = {}
        for layer in manifest["Layers"]:
            with tarfile.open(fileobj=_member(outer, layer)) as inner:
                _apply(inner, files, wanted)
    name = Path(manifest["Config"]).name.removesuffix(".json")
    labels = configuration.get("config", {}).get("Labels") or {}
    return ImageFiles(name, labels, str(configuration.get("architecture", "")), files)


def _member(archive: tarfile.TarFile, name: str) -> Any:
    """A file of the archive; layers that are the same as others may be links."""
    found = archive.extractfile(name)
    if found is None:
        raise KeyError(name)
    return found


def _apply(layer: tarfile.TarFile, files: dict[str, bytes], wanted: Callable[[str], bool]) -> None:
    """Files of the layer take the place of those below it; whiteouts remove them first."""
    added: dict[str, bytes] = {}
    for member in layer:
        path = member.name.removeprefix("./")
        folder, _, name = path.rpartition("/")
        if name == _OPAQUE:
            _remove(files, folder)
        elif name.startswith(_WHITEOUT):
            _remove(files, f"{folder}/{name.removeprefix(_WHITEOUT)}".removeprefix("/"))
        elif member.isfile() and wanted(path):
            content = layer.extractfile(member)
            added[path] = content.read() if content else b""
    files.update(added)


def _remove(files: dict[str, bytes], path: str) -> None:
    for known in [known for known in files if known == path or known.startswith(f"{path}/")]:
        del files[known]
