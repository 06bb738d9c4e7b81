"""Copies a dependency without a folder that only costs time, so that a build can use the copy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from localcluster.gocommand import GoCommand
from localcluster.gomod import trimmed_folder
from localcluster.sources import sources
from localcluster.versions import Trim


def copy_trimmed(trim: Trim, *, go: GoCommand) -> None:
    """Fetch the module, copy it to where go.mod replaces it, and put our folder into the copy."""
    name = f"{trim.module.path}@{trim.module.version}"
    fetched = json.loads(go("mod", "download", "-json", name))
    left_out = Path(fetched["Dir"]) / trim.folder

    def skip(folder: str, names: list[str]) -> list[str]:
        return names if Path(folder) == left_out else []

    target = go.module / trimmed_folder(trim.source)
    shutil.copytree(fetched["Dir"], target, ignore=skip, copy_function=shutil.copyfile)
    for folder in [target, *(path for path in target.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)  # the module cache is read-only
    for file, text in sources(trim.source).items():
        (target / trim.folder / file).write_text(text)
