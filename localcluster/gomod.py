"""The go.mod, go.sum and flags of a build, as text: pure, so that a cache key can be made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from localcluster.versions import GO_MINIMUM, GoBuild

LDFLAGS = "-s -w"
GCFLAGS = "all=-dwarf=false"
"""No debugging information, which the linker would leave out anyway: a fifth of the compiler's work."""
ENVIRONMENT = {"CGO_ENABLED": "0", "GOWORK": "off"}


def go_mod(build: GoBuild) -> str:
    """A module of our own that requires the build's modules and has their commands as tools."""
    lines = [
        f"module localcluster/{build.name}",
        f"go {GO_MINIMUM}",
        *(f"require {module.path} {module.version}" for module in build.modules),
        *(f"tool {package}" for package in build.packages if build.commands),
        *(f"replace {line}" for line in build.replace),
        *(f"replace {trim.module.path} => {trimmed_folder(trim.source)}" for trim in build.trims),
    ]
    return "\n".join(lines) + "\n"


def go_sum(build: GoBuild) -> str:
    """The pinned checksums; Go adds those of the dependencies, checked against the sum database."""
    return "".join(f"{module.path} {module.version} {module.checksum}\n" for module in build.modules)


def trimmed_folder(source: str) -> str:
    """Where a trimmed dependency lies, relative to the build's module."""
    return f"./trimmed/{source}"


def ldflags(build: GoBuild) -> str:
    """Linker flags: stripped, and with the version where the program reports one."""
    if not build.version_symbol:
        return LDFLAGS
    return f"{LDFLAGS} -X {build.version_symbol}={build.version}"


def build_arguments(build: GoBuild, *, output: str) -> list[str]:
    """The arguments of the `go build` that writes the commands into the folder `output`."""
    flags = ["-mod=mod", "-trimpath", f"-gcflags={GCFLAGS}", f"-ldflags={ldflags(build)}", "-o", f"{output}/"]
    return ["build", *flags, *build.packages]


def cache_key(build: GoBuild, *, platform: str, sources: Mapping[str, str]) -> str:
    """`name-version-hash`: changes when anything that shapes the result does."""
    ingredients = [
        go_mod(build),
        go_sum(build),
        platform,
        *build_arguments(build, output=""),
        *(f"{name}={value}" for name, value in sorted(ENVIRONMENT.items())),
        *(f"{old} becomes {new}" for old, new in build.renames),
        *build.assets,
        *(f"{trim.module.checksum} without {trim.left_out} but {trim.kept}" for trim in build.trims),
        *(f"{name}: {text}" for name, text in sorted(sources.items())),
    ]
    digest = hashlib.sha256("\n".join(ingredients).encode()).hexdigest()
    return f"{build.name}-{build.version}-{digest[:12]}"
