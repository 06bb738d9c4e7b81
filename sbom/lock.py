"""The hashes that a locked requirements file holds pip to: an installed distribution has one of them."""

from __future__ import annotations

import re
from collections.abc import Mapping

_REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)")
_HASH = re.compile(r"--hash=sha256:(?P<hash>[0-9a-f]{64})")

Hashes = Mapping[tuple[str, str], tuple[str, ...]]
"""SHA-256 of every file of a release, by its name and version."""


def locked_hashes(text: str) -> Hashes:
    """The hashes of a file that `uv pip compile --generate-hashes` wrote."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    release: tuple[str, str] | None = None
    for line in text.splitlines():
        if requirement := _REQUIREMENT.match(line):
            release = (requirement["name"], requirement["version"])
            found.setdefault(release, ())
        if release is not None and (hashed := _HASH.search(line)):
            found[release] = (*found[release], hashed["hash"])
    return found
