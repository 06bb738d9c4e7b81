"""Builds images with buildah, without a daemon, and hands them on as archives."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from localcluster.archives import Archives
from localcluster.base_image import base_archive, recipe
from localcluster.build_mounts import build_mounts
from localcluster.debian import IMAGE_COMMANDS, command_path, require_commands
from localcluster.errors import ClusterError
from localcluster.locks import locked
from localcluster.paths import cache_dir
from localcluster.progress import Progress

PART = "images"
BASE_ARGUMENT = "PYTHON_IMAGE"
BASE_IMAGE = "localhost/parley-python"
PULL_SECONDS = 300.0
MOST_LAYERS = 150
"""About what twenty builds leave behind; each is as large as what its step added."""
REMEDIES = {
    "build": "see the lines above: the step that failed is the last one named",
    "push": "build the image with `build-image TAG -f DOCKERFILE CONTEXT` before it is loaded",
}


@dataclass(frozen=True)
class Build:
    """What `build-image` was asked for; arguments are `NAME=value`."""

    tag: str
    dockerfile: Path
    context: Path
    arguments: tuple[str, ...] = ()


class Images:
    """Images in a store of their own in the cache, apart from those of the user's engines."""

    def __init__(self, *, progress: Progress) -> None:
        self._cache = cache_dir()
        self._progress = progress
        self._lock = self._cache / "buildah.lock"
        require_commands(IMAGE_COMMANDS, cache=self._cache, progress=progress)

    def build(self, build: Build) -> None:
        """Build an image; its layers are kept, so that an unchanged step is not run again."""
        _must_exist(build)
        arguments = (*self._base_argument(build), *build.arguments)
        with (
            self._progress.step(f"building the image {build.tag}"),
            locked(self._lock, shared=True),
            tempfile.TemporaryDirectory() as scratch,
        ):
            mounts = [f"--volume={mount.source}:{mount.target}:ro" for mount in build_mounts(Path(scratch))]
            self._buildah(
                *("build", "--isolation=chroot", "--layers", f"--tag={build.tag}", f"--file={build.dockerfile}"),
                *mounts,
                *(f"--build-arg={argument}" for argument in arguments),
                str(build.context),
                log=self._log(build.tag),
            )
        self._prune()

    @contextmanager
    def exported(self, tag: str) -> Iterator[Path]:
        """The image as an archive, for as long as the block lasts.

        In Docker's form: buildah writes its layers as they are, where for OCI's it compresses
        them, which takes longer than all the rest.
        """
        with tempfile.TemporaryDirectory() as scratch:
            yield self._export(tag, Path(scratch))

    @contextmanager
    def archive(self, build: Build, *, key: str) -> Iterator[Path]:
        """The same of an image that is built only where no archive is kept that was made of just this.

        `key` stands for all that the build is made of.
        """

        def make(folder: Path) -> Path:
            self.build(build)
            return self._export(build.tag, folder)

        archives = Archives(self._cache / "images" / "archives", self._progress)
        with archives.kept(_file_name(build.tag), f"{key}-{recipe()}", make) as archive:
            yield archive

    def _export(self, tag: str, folder: Path) -> Path:
        archive = folder / "image.tar"
        self._buildah("push", tag, f"docker-archive:{archive}:{qualified(tag)}", log=self._log(tag))
        return archive

    def _base_argument(self, build: Build) -> Sequence[str]:
        """Where the Dockerfile wants Python from a registry that cannot be reached: our own base."""
        default = default_of(BASE_ARGUMENT, build.dockerfile.read_text())
        given = any(argument.startswith(f"{BASE_ARGUMENT}=") for argument in build.arguments)
        if default is None or given or self._has(default) or self._can_pull(default):
            return ()
        archive = base_archive(cache=self._cache, progress=self._progress)
        image = f"{BASE_IMAGE}:{archive.stem}"
        if not self._has(image):
            self._import_base(archive, image)
        return (f"{BASE_ARGUMENT}={image}",)

    def _has(self, image: str) -> bool:
        return self._run("inspect", "--type=image", image).returncode == 0

    def _can_pull(self, image: str) -> bool:
        with self._progress.step(f"looking for {image}"):
            try:
                return self._run("pull", image, seconds=PULL_SECONDS).returncode == 0
            except subprocess.TimeoutExpired:
                return False

    def _prune(self) -> None:
        """Forget layers of old builds when there are many; not while another build may use them."""
        if len(self._run("images", "--all", "--quiet").stdout.splitlines()) > MOST_LAYERS:
            with locked(self._lock), self._progress.step("removing layers of old images"):
                self._run("rmi", "--prune")

    def _import_base(self, archive: Path, image: str) -> None:
        """A Dockerfile of one layer, its context the folder of archives."""
        with (
            self._progress.step("importing the base image"),
            tempfile.NamedTemporaryFile("w", suffix=".Dockerfile") as file,
        ):
            file.write(f'FROM scratch\nADD {archive.name} /\nCMD ["python3"]\n')
            file.flush()
            with tempfile.TemporaryDirectory(dir=archive.parent) as context:
                (Path(context) / archive.name).hardlink_to(archive)
                command = ("build", "--isolation=chroot", f"--tag={image}", f"--file={file.name}")
                self._buildah(*command, context, log=self._log(image))

    def _buildah(self, *arguments: str, log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as handle:
            command = self._command(*arguments)
            result = subprocess.run(
                command,
                stdout=handle,
                stderr=handle,
                stdin=subprocess.DEVNULL,
                env=self._environment(),
                check=False,
            )
        if result.returncode != 0:
            raise ClusterError(PART, f"buildah {arguments[0]} failed", REMEDIES[arguments[0]], log)

    def _run(self, *arguments: str, seconds: float | None = None) -> subprocess.CompletedProcess[bytes]:
        command, environment = self._command(*arguments), self._environment()
        return subprocess.run(command, capture_output=True, timeout=seconds, env=environment, check=False)

    def _environment(self) -> dict[str, str]:
        """With a configuration of its own: buildah would make folders in /etc for networks it never uses."""
        config = self._cache / "buildah" / "containers.conf"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(f'[network]\nnetwork_config_dir = "{config.parent / "networks"}"\n')
        return {**os.environ, "CONTAINERS_CONF": str(config)}

    def _command(self, *arguments: str) -> list[str]:
        store = self._cache / "buildah"
        places = [f"--root={store / 'storage'}", f"--runroot={store / 'run'}", "--storage-driver=overlay"]
        return [command_path("buildah"), *places, *arguments]

    def _log(self, tag: str) -> Path:
        return self._cache / "images" / "logs" / f"{_file_name(tag)}.log"


def _file_name(tag: str) -> str:
    return re.sub(r"[^a-z0-9.-]", "-", tag)


def _must_exist(build: Build) -> None:
    for what, path in (("Dockerfile", build.dockerfile), ("context", build.context)):
        if not path.exists():
            raise ClusterError(PART, f"the {what} {path} does not exist", "check the path")


def qualified(tag: str) -> str:
    """The name under which a pod finds an image that has no registry: `localhost/NAME:TAG`."""
    first, slash, _ = tag.partition("/")
    has_registry = bool(slash) and ("." in first or ":" in first or first == "localhost")
    named = tag if has_registry else f"localhost/{tag}"
    return named if ":" in named.rpartition("/")[2] else f"{named}:latest"


def default_of(argument: str, dockerfile: str) -> str | None:
    """The default of a build argument, None when the Dockerfile does not have it."""
    match = re.search(rf"^ARG\s+{argument}=(\S+)", dockerfile, flags=re.MULTILINE)
    return match[1].strip("\"'") if match else None
