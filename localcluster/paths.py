"""Where things live: the cache that checkouts share, and the state of one cluster."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


def cache_dir() -> Path:
    """$PARLEY_CACHE, else parley below $XDG_CACHE_HOME, else ~/.cache/parley."""
    return _base("PARLEY_CACHE", xdg="XDG_CACHE_HOME", home=".cache")


def state_dir() -> Path:
    """$PARLEY_STATE, else parley below $XDG_STATE_HOME, else ~/.local/state/parley."""
    return _base("PARLEY_STATE", xdg="XDG_STATE_HOME", home=".local/state")


def _base(variable: str, *, xdg: str, home: str) -> Path:
    if chosen := os.environ.get(variable):
        return Path(chosen).absolute()
    if base := os.environ.get(xdg):
        return Path(base).absolute() / "parley"
    return Path.home() / home / "parley"


@dataclass(frozen=True)
class StatePaths:
    """The folders of one cluster, all below its own root."""

    root: Path

    @classmethod
    def of(cls, name: str) -> StatePaths:
        """The folders of the cluster called `name`."""
        return cls(state_dir() / name)

    @property
    def logs(self) -> Path:
        """One log per part."""
        return self.root / "logs"

    @property
    def pids(self) -> Path:
        """One record per running part."""
        return self.root / "pids"

    @property
    def pki(self) -> Path:
        """Keys and certificates."""
        return self.root / "pki"

    @property
    def config(self) -> Path:
        """The parts' configuration files."""
        return self.root / "config"

    @property
    def data(self) -> Path:
        """What parts keep: etcd's database, images, volumes."""
        return self.root / "data"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.root / "kubeconfig"

    def make(self) -> None:
        """Create the folders; readable by their owner only, since keys lie in them."""
        for folder in (self.root, self.logs, self.pids, self.pki, self.config, self.data):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
