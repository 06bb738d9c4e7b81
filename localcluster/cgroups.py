"""The cgroup below which the kubelet puts the pods, in every hierarchy of version 1 or the one of 2."""

from __future__ import annotations

import time
from pathlib import Path

from localcluster.errors import ClusterError

ROOT = Path("/sys/fs/cgroup")
PART = "cgroups"
END_SECONDS = 10.0


def create_cgroup(name: str) -> None:
    """Make the cgroup; the kubelet refuses one that does not exist."""
    for hierarchy in hierarchies():
        (hierarchy / name).mkdir(exist_ok=True)


def remove_cgroup(name: str) -> None:
    """Remove the cgroup and all below it; its processes have been ended before."""
    for hierarchy in hierarchies():
        top = hierarchy / name
        if top.is_dir():
            folders = [path for path in top.rglob("*") if path.is_dir()]
            for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
                _remove(folder)
            _remove(top)


def hierarchies() -> list[Path]:
    """The mount points of cgroup file systems; on a machine with version 2 there is one."""
    if (ROOT / "cgroup.controllers").exists():
        return [ROOT]
    return [path for path in sorted(ROOT.iterdir()) if not path.is_symlink() and (path / "cgroup.procs").exists()]


def _remove(folder: Path) -> None:
    """A cgroup stays busy for a moment after its last process has ended."""
    deadline = time.monotonic() + END_SECONDS
    while folder.exists():
        try:
            folder.rmdir()
        except OSError as error:
            if time.monotonic() > deadline:
                remedy = f"end the processes named in {folder}/cgroup.procs"
                raise ClusterError(PART, f"{folder} is still in use", remedy) from error
            time.sleep(0.02)
