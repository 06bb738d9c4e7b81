"""Builds the table's Go commands into the cache."""

from __future__ import annotations

import os
import platform
import shutil
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localcluster import gomod
from localcluster.cache import make_once
from localcluster.gocommand import GoCommand
from localcluster.progress import Progress
from localcluster.sources import sources
from localcluster.toolchain import find_go
from localcluster.trims import copy_trimmed, make_writable
from localcluster.versions import GoBuild

AT_ONCE = 2
"""One build fetches or links, which keeps one core busy at most, while another compiles."""
MEMORY_FOR_TWO = 8 * 1024**3
"""With less, two compilers of large programs could make the machine swap."""
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def architecture() -> str:
    """This machine's architecture in Go's and container images' words."""
    machine = platform.machine()
    return ARCHITECTURES.get(machine, machine)


class BuildCache:
    """The built commands of all versions, shared by every checkout of this user."""

    def __init__(self, root: Path, *, progress: Progress) -> None:
        self._root = root / "builds"
        self._progress = progress

    def folder(self, build: GoBuild) -> Path:
        """Where the commands of `build` are, or will be."""
        target = f"{platform.system().lower()}/{architecture()}"
        key = gomod.cache_key(build, platform=target, sources=_all_sources(build))
        return self._root / key

    def binary(self, build: GoBuild, name: str) -> Path:
        """Path of one command or asset; `ensure` must have been called for its build."""
        return self.folder(build) / name

    def ensure(self, builds: Iterable[GoBuild]) -> None:
        """Build what is missing, begun in the order given; each is whole or absent. Raises the first error."""
        failed = threading.Event()

        def ensure_unless_failed(build: GoBuild) -> None:
            if failed.is_set():
                return
            try:
                self._ensure(build)
            except BaseException:
                failed.set()
                raise

        with ThreadPoolExecutor(AT_ONCE if _memory() >= MEMORY_FOR_TWO else 1) as workers:
            for future in [workers.submit(ensure_unless_failed, build) for build in builds]:
                future.result()

    def _ensure(self, build: GoBuild) -> None:
        def make(folder: Path) -> Path:
            return _build(build, folder=folder, log=self._root / f"{build.name}.log")

        what = f"building {build.name} {build.version}"
        make_once(self.folder(build), what=what, make=make, progress=self._progress)


def _memory() -> int:
    """Bytes of this machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _build(build: GoBuild, *, folder: Path, log: Path) -> Path:
    """The folder of commands and other files that the build is wanted for."""
    module, output = folder / "module", folder / "bin"
    module.mkdir()
    go = GoCommand(build.name, find_go(), module, log)
    for trim in build.trims:
        copy_trimmed(trim, go=go)
    files = {"go.mod": gomod.go_mod(build), "go.sum": gomod.go_sum(build), **sources(build.name)}
    for name, text in files.items():
        (module / name).write_text(text)
    if build.is_files_only:
        _fetch(build, go=go, output=output)
    else:
        go(*gomod.build_arguments(build, output=str(output)))
    for old, new in build.renames:
        (output / old).rename(output / new)
    _copy_assets(build, go=go, output=output)
    return output


def _fetch(build: GoBuild, *, go: GoCommand, output: Path) -> None:
    """The module's files alone; Go compares their checksum with the pinned one."""
    first = build.modules[0]
    go("mod", "download", f"{first.path}@{first.version}")
    output.mkdir()


def _copy_assets(build: GoBuild, *, go: GoCommand, output: Path) -> None:
    if build.assets:
        source = Path(go("list", "-mod=mod", "-m", "-f", "{{.Dir}}", build.modules[0].path))
        for asset in build.assets:
            _copy_asset(source / asset, output / Path(asset).name)


def _copy_asset(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, copy_function=shutil.copyfile)
        make_writable(target)
    else:
        shutil.copyfile(source, target)


def _all_sources(build: GoBuild) -> dict[str, str]:
    """The Go sources of our own that take part in a build."""
    trimmed = (sources(trim.source) for trim in build.trims)
    return {name: text for files in (sources(build.name), *trimmed) for name, text in files.items()}
