"""The local node of `localcluster`: a real Kubernetes with Traefik, and no Docker."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localcluster.cluster import LocalCluster
from localcluster.components import traefik
from localcluster.images import Build, Images
from localcluster.progress import Progress
from localcluster.record import load_record
from localcluster.target import Local
from quickstart.clusters.base import Entrance
from quickstart.commands import Commands
from quickstart.images import ROOT, Image

DEFAULT_NAME = "default"
"""As `python3 -m localcluster` names it, so that its commands serve what is made here."""


class LocalNode:
    """One node on this machine; needs root."""

    title = "a Kubernetes node on this machine"
    repository = "localhost/parley"
    """Images that were not pulled from a registry have this one's name."""

    def __init__(self, *, progress: Progress) -> None:
        self._progress = progress
        self.name = os.environ.get("PARLEY_CLUSTER", DEFAULT_NAME)
        """Another one lets several checkouts have a node of their own at the same time."""
        self.target = Local(LocalCluster(name=self.name, progress=progress), progress=progress)

    @property
    def is_up(self) -> bool:
        """Whether a node of this name is there already; what a command that was cut short left behind is none."""
        record = load_record(self.target.cluster.paths)
        return record is not None and record.complete

    @property
    def shell(self) -> str:
        """Sets PATH, since there may be no kubectl on this machine, and KUBECONFIG."""
        name = "" if self.name == DEFAULT_NAME else f" --name {self.name}"
        return f'eval "$(python3 -m localcluster env{name})"'

    def up(self) -> Commands:
        """Builds what is missing, starts what does not run."""
        self.target.up()
        return self.commands

    @property
    def commands(self) -> Commands:
        """For the node that is up."""
        path = os.pathsep.join([*map(str, self.target.tools()), os.environ.get("PATH", "")])
        return Commands({"PATH": path, "KUBECONFIG": str(self.target.kubeconfig)})

    def provide(self, image: Image) -> None:
        """Builds without a daemon and imports into the node's containerd, unless it has just this image."""
        given = self.target.cluster.paths.data / f"{image.name}.source"
        if given.exists() and given.read_text() == image.source:
            self._progress.say(f"the node has {image.name} {image.source} already")
            return
        with self.archive(image) as archive, self._progress.step(f"loading {image.name} {image.source}"):
            self.target.cluster.import_archive(archive)
        given.write_text(image.source)

    def make(self, image: Image) -> None:
        """Have its archive ready for `provide`; needs no node."""
        with self.archive(image):
            pass

    @contextmanager
    def archive(self, image: Image) -> Iterator[Path]:
        """The image as an archive, built where none is kept that was made of these sources."""
        build = Build(image.reference(self.repository), ROOT / image.dockerfile, ROOT, image.arguments)
        with Images(progress=self._progress).archive(build, key=image.source) as archive:
            yield archive

    def entrance(self) -> Entrance | None:
        """Traefik, on a port of loopback."""
        return Entrance(traefik.ADDRESS, self.target.cluster.parts.entrypoints.websecure)

    def down(self) -> None:
        """Ends and removes the node with everything on it."""
        self.target.down()
