"""What a cluster was started with, kept beside its state for the next command to read."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Literal

from localcluster.kubeconfig import write_private
from localcluster.paths import StatePaths, state_dir
from localcluster.processes import Identity, Processes, read_stat

Profile = Literal["full", "control-plane"]


@dataclass(frozen=True)
class Record:
    """One cluster's facts.

    `complete` turns true when it came up: an incomplete record is a crash to clean. `owner` is
    the process whose end makes the cluster an orphan; None for one that outlives its command.
    """

    profile: Profile
    api_port: int
    etcd_port: int
    etcd_peer_port: int
    web_port: int | None = None
    websecure_port: int | None = None
    slot: int | None = None
    complete: bool = False
    owner: Identity | None = None

    def is_orphan(self) -> bool:
        """Whether the process that it belongs to has died."""
        return self.owner is not None and not self.owner.is_alive()

    @property
    def ports(self) -> frozenset[int]:
        """The ports of the machine that its ingress controller has, or is about to have."""
        return frozenset(port for port in (self.web_port, self.websecure_port) if port is not None)

    def released(self) -> Record:
        """The same with nothing that it keeps from others."""
        return replace(self, web_port=None, websecure_port=None, slot=None, complete=False)

    def save(self, paths: StatePaths) -> None:
        """Write it where `load_record` finds it."""
        write_private(_file(paths), json.dumps(asdict(self), indent=2) + "\n")


def load_record(paths: StatePaths) -> Record | None:
    """The record of a cluster; None when there is none that can be read."""
    try:
        content = json.loads(_file(paths).read_text())
        owner = content.pop("owner")
        return Record(**content, owner=Identity(**owner) if owner else None)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def other_nodes(paths: StatePaths) -> list[Record]:
    """The records of the other clusters here that have a node."""
    root = paths.root.parent
    folders = sorted(root.iterdir()) if root.is_dir() else []
    records = [load_record(StatePaths(folder)) for folder in folders if folder != paths.root]
    return [record for record in records if record is not None and record.profile == "full"]


def this_process() -> Identity:
    """The identity of the running program, to own what it starts."""
    stat = read_stat(os.getpid())
    return Identity(os.getpid(), stat.started if stat else 0)


def reap_orphans() -> list[str]:
    """End and remove the clusters whose owner has died; returns their names."""
    root = state_dir()
    names = []
    for folder in sorted(root.iterdir()) if root.is_dir() else []:
        paths = StatePaths(folder)
        record = load_record(paths)
        if record is not None and record.is_orphan():
            Processes(paths).kill_marked()
            remove_state(folder)
            names.append(folder.name)
    return names


def remove_state(folder: Path) -> None:
    """Remove a cluster's folder; what is already gone, or goes meanwhile, is no error."""
    shutil.rmtree(folder, onerror=_unless_gone)


def _unless_gone(_: object, __: str, error: tuple[type[BaseException], BaseException, TracebackType]) -> None:
    """Several may remove the same orphan at once."""
    if not isinstance(error[1], FileNotFoundError):
        raise error[1]


def _file(paths: StatePaths) -> Path:
    return paths.root / "cluster.json"
