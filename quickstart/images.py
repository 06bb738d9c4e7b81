"""The two images of the project, and how an ordinary builder makes them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from quickstart.commands import Commands, StepError

ROOT = Path(__file__).resolve().parent.parent
CODE = ("operator", "gateway")
BUILDERS = ("docker", "podman")
BUILD_SECONDS = 1800.0
GIT_SECONDS = 10.0


def release() -> str:
    """The project's version, such as `0.1.0`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def revision() -> str:
    """The commit that is checked out, with `-dirty` where files differ from it; `unknown` without git."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=GIT_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return answer.stdout.strip()


@dataclass(frozen=True)
class Image:
    """One image: `parley/gateway:0.1` from `Dockerfile.gateway`."""

    name: str
    """`operator` or `gateway`."""
    tag: str

    @property
    def dockerfile(self) -> str:
        """What it is built from, relative to the repository."""
        return f"Dockerfile.{self.name}"

    @property
    def arguments(self) -> tuple[str, ...]:
        """Build arguments, as `NAME=value`: what the image's labels say of it."""
        return (f"VERSION={release()}", f"REVISION={revision()}")

    @cached_property
    def source(self) -> str:
        """A digest of all that it is built from: two images of one tag differ when this does."""
        digest = hashlib.sha256()
        for path in _sources(self):
            digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
        return digest.hexdigest()[:16]

    def reference(self, repository: str) -> str:
        """Its full name below `repository`."""
        return f"{repository}/{self.name}:{self.tag}"


def _sources(image: Image) -> list[Path]:
    """What .dockerignore lets through, in a stable order."""
    single = [image.dockerfile, "pyproject.toml", "README.md", "LICENSE"]
    single += ["requirements/build.txt", f"requirements/{image.name}.txt"]
    trees = [path for folder in CODE for path in sorted((ROOT / folder).rglob("*"))]
    return [ROOT / name for name in single] + [path for path in trees if path.is_file() and not _is_compiled(path)]


def _is_compiled(path: Path) -> bool:
    """Byte code, also what is being written now."""
    return path.suffix == ".pyc" or path.parent.name == "__pycache__"


def images() -> tuple[Image, ...]:
    """The operator's tag is its version; gateways are addressed by their release, as spec.version is."""
    version = release()
    return Image("operator", version), Image("gateway", ".".join(version.split(".")[:2]))


def builder() -> str:
    """The image builder of this machine.

    Raises:
        StepError: when there is none.
    """
    for name in BUILDERS:
        if shutil.which(name):
            return name
    raise StepError(
        "there is no image builder", f"install {' or '.join(BUILDERS)}, or use `make run CLUSTER=local`"
    )


def build(image: Image, *, repository: str) -> str:
    """Build with the machine's own builder; returns the image's full name."""
    reference = image.reference(repository)
    arguments = (f"--build-arg={argument}" for argument in image.arguments)
    command = (builder(), "build", "--file", image.dockerfile, "--tag", reference, *arguments, str(ROOT))
    Commands().show(*command, timeout=BUILD_SECONDS, remedy="see the builder's lines above")
    return reference
