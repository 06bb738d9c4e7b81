"""The two images of the project, and how an ordinary builder makes them."""

from __future__ import annotations

import hashlib
import shutil
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from quickstart.commands import Commands, StepError

ROOT = Path(__file__).resolve().parent.parent
CODE = ("operator", "gateway")
BUILDERS = ("docker", "podman")
BUILD_SECONDS = 1800.0


def release() -> str:
    """The project's version, such as `0.1.0`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


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
    return [ROOT / name for name in single] + [path for path in trees if path.is_file() and path.suffix != ".pyc"]


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
    command = (builder(), "build", "--file", image.dockerfile, "--tag", reference, str(ROOT))
    Commands().show(*command, timeout=BUILD_SECONDS, remedy="see the builder's lines above")
    return reference
