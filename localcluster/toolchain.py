"""Finds Go, and says what to do when there is none or it is too old."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass

from localcluster.errors import ClusterError
from localcluster.versions import GO_MINIMUM

SWITCHES_SINCE = (1, 21, 0)
"""From this release on, Go fetches a newer toolchain by itself where GOTOOLCHAIN allows it."""
REMEDY = f"install Go {GO_MINIMUM} or newer, put its bin folder on PATH, and run this again"


@dataclass(frozen=True)
class Go:
    """The `go` command, the platform it builds for, and the environment to run it with."""

    command: str
    platform: str
    environment: dict[str, str]


def find_go() -> Go:
    """The Go on PATH, allowed to fetch a newer toolchain if it is too old itself."""
    command = shutil.which("go")
    if command is None:
        raise ClusterError("go", "Go is not installed", REMEDY)
    version, goos, goarch = _ask(command, "GOVERSION", "GOOS", "GOARCH")
    found, needed = parse_version(version), parse_version(GO_MINIMUM)
    if found < SWITCHES_SINCE:
        raise ClusterError("go", f"{version} is too old", REMEDY)
    environment = dict(os.environ)
    if found < needed:
        environment["GOTOOLCHAIN"] = "auto"
    return Go(command, f"{goos}/{goarch}", environment)


def parse_version(text: str) -> tuple[int, int, int]:
    """`go1.26.8`, `1.26rc1` or `go1.27-devel` as comparable numbers; missing ones are 0."""
    match = re.match(r"(?:go)?(\d+)\.(\d+)(?:\.(\d+))?", text)
    if match is None:
        raise ClusterError("go", f"the version {text!r} cannot be understood", REMEDY)
    return int(match[1]), int(match[2]), int(match[3] or 0)


def _ask(command: str, *names: str) -> list[str]:
    answer = subprocess.run([command, "env", *names], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise ClusterError("go", f"`go env` failed: {answer.stderr.strip()}", REMEDY)
    return answer.stdout.splitlines()
