"""Copies a dependency without what only costs time, so that a build can use the copy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

from localcluster.errors import ClusterError
from localcluster.gocommand import GoCommand
from localcluster.gomod import trimmed_folder
from localcluster.sources import sources
from localcluster.versions import Trim


def copy_trimmed(trim: Trim, *, go: GoCommand) -> None:
    """Fetch the module, copy it to where go.mod replaces it, and put our files into the copy.

    Go itself compares a checksum only of what is not replaced.
    """
    name = f"{trim.module.path}@{trim.module.version}"
    answer = json.loads(go("mod", "download", "-json", name))
    if answer["Sum"] != trim.module.checksum:
        reason = f"{name} has the checksum {answer['Sum']} in place of {trim.module.checksum}"
        raise ClusterError(name, reason, "see whom GOPROXY asks; if the module is right, pin it anew")
    fetched = Path(answer["Dir"])
    target = go.module / trimmed_folder(trim.source)
    shutil.copytree(fetched, target, ignore=_skip(trim, root=fetched), copy_function=shutil.copyfile)
    make_writable(target)
    for file, text in sources(trim.source).items():
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        (target / file).write_text(text)


def make_writable(copy: Path) -> None:
    """The module cache is read-only, and so are the folders of a copy."""
    for folder in [copy, *(path for path in copy.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)


def is_left_out(trim: Trim, path: str) -> bool:
    """Whether a file or folder, by its path below the module, stays out of the copy."""
    return any(fnmatch(path, pattern) for pattern in trim.left_out) and path not in trim.kept


def _skip(trim: Trim, *, root: Path) -> Callable[[str, list[str]], list[str]]:
    def skip(folder: str, names: list[str]) -> list[str]:
        below = Path(folder).relative_to(root)
        return [name for name in names if is_left_out(trim, (below / name).as_posix())]

    return skip
