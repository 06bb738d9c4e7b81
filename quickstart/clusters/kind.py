"""A kind cluster, for machines that have Docker."""

from __future__ import annotations

from localcluster.progress import Progress
from localcluster.target import KIND_CLUSTER, Kind
from quickstart.clusters.base import Entrance
from quickstart.commands import Commands
from quickstart.images import Image, build

LOAD_SECONDS = 600.0


class KindCluster:
    """A cluster of its own, in a kubeconfig of its own."""

    title = f"the kind cluster {KIND_CLUSTER!r}"
    repository = "localhost/parley"
    """A name that no node tries to pull."""

    def __init__(self, *, progress: Progress) -> None:
        self._target = Kind(progress=progress)

    @property
    def shell(self) -> str:
        """Its kubeconfig is a file of its own."""
        return f"export KUBECONFIG={self._target.kubeconfig}"

    def up(self) -> Commands:
        """Creates it, or uses the one that is there."""
        self._target.up()
        return Commands({"KUBECONFIG": str(self._target.kubeconfig)})

    def provide(self, image: Image) -> None:
        """Builds with Docker and loads the image into the node."""
        reference = build(image, repository=self.repository)
        Commands().show("kind", "load", "docker-image", reference, "--name", KIND_CLUSTER, timeout=LOAD_SECONDS)

    def entrance(self) -> Entrance | None:
        """None: kind brings no ingress controller."""
        return None

    def down(self) -> None:
        """Deletes it."""
        self._target.down()
