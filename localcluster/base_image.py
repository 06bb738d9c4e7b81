"""The base of our images where no registry can be reached: a small Debian with Python."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path

from localcluster.apt_sources import mirror
from localcluster.cache import make_once
from localcluster.debian import BASE_IMAGE_COMMANDS, command_path, require_commands
from localcluster.errors import ClusterError
from localcluster.progress import Progress

PACKAGES = ("python3", "python3-venv", "python3-pip", "ca-certificates")
LEFT_OUT = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/info",
    "var/cache",
    "var/lib/apt/lists",
)
"""What nobody reads in a container; the folders stay, empty."""
PYTHON = "usr/local/bin/python"
"""The official images have this name, so Dockerfiles use it."""


def recipe() -> str:
    """A digest of what the base is made by here."""
    return hashlib.sha256(repr((PACKAGES, LEFT_OUT)).encode()).hexdigest()[:12]


def base_archive(*, cache: Path, progress: Progress) -> Path:
    """The root file system as a tar in the cache, made once for each release and list of packages."""
    uri, suite = mirror()
    folder = cache / "images"
    folder.mkdir(parents=True, exist_ok=True)

    def make(scratch: Path) -> Path:
        require_commands(BASE_IMAGE_COMMANDS, cache=cache, progress=progress)
        root = scratch / "root"
        _bootstrap(root, suite=suite, uri=uri, log=folder / "debootstrap.log")
        _slim(root)
        return _pack(root, scratch / "base.tar")

    what = f"making a base image of {suite} with Python"
    return make_once(folder / f"python-{suite}-{recipe()}.tar", what=what, make=make, progress=progress)


def _bootstrap(root: Path, *, suite: str, uri: str, log: Path) -> None:
    command = [command_path("debootstrap"), "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    with log.open("w") as handle:
        result = subprocess.run([*command, suite, str(root), uri], stdout=handle, stderr=handle, check=False)
    if result.returncode != 0:
        remedy = "check that this machine's apt sources can be reached (apt-get update)"
        raise ClusterError("base image", "debootstrap failed", remedy, log)


def _slim(root: Path) -> None:
    for name in LEFT_OUT:
        shutil.rmtree(root / name)
        (root / name).mkdir()
    for compiled in list(root.rglob("__pycache__")):
        shutil.rmtree(compiled)
    (root / PYTHON).symlink_to("/usr/bin/python3")


def _pack(root: Path, archive: Path) -> Path:
    with tarfile.open(archive, "w") as tar:
        for entry in sorted(root.iterdir()):
            tar.add(entry, arcname=entry.name)
    return archive
