"""The kubectl of the project's own version."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from localcluster.builds import BuildCache
from localcluster.paths import cache_dir
from localcluster.progress import Progress
from localcluster.versions import KUBECTL


@cache
def pinned_kubectl() -> Path:
    """Built once, into the cache that all checkouts share."""
    builds = BuildCache(cache_dir(), progress=Progress(quiet=True))
    builds.ensure((KUBECTL,))
    return builds.binary(KUBECTL, "kubectl")
