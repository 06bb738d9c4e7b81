"""The tests of the cluster run at the same time, and a host belongs to the oldest resource that names it."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

CLUSTER = Path(__file__).parents[2] / "cluster"
HOST = re.compile(r"\b[a-z]+\.voice\.localhost")


def test_no_two_files_use_the_same_host() -> None:
    files: dict[str, set[str]] = defaultdict(set)
    for path in CLUSTER.glob("*.py"):
        for host in HOST.findall(path.read_text()):
            files[host].add(path.name)
    assert len(files) > 20
    assert {host: names for host, names in files.items() if len(names) > 1} == {}
