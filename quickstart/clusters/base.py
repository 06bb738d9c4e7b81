"""What the path needs of a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from quickstart.commands import Commands
from quickstart.images import Image


@dataclass(frozen=True)
class Entrance:
    """Where this machine reaches the cluster's ingress controller with TLS."""

    host: str
    port: int


class Cluster(Protocol):
    """A cluster to walk the path on."""

    @property
    def title(self) -> str:
        """What it is, for a person."""

    @property
    def repository(self) -> str:
        """What the names of images begin with there, such as `registry.example.com/parley`."""

    @property
    def shell(self) -> str:
        """A line for a person's shell that lets kubectl reach it; empty where none is needed."""

    def up(self) -> Commands:
        """Have it running; the commands reach it."""

    def provide(self, image: Image) -> None:
        """Build the image and bring it to where the nodes find it."""

    def entrance(self) -> Entrance | None:
        """Its ingress controller; None where the path brings none and uses a port-forward instead."""

    def down(self) -> None:
        """Take away what `up` made; nothing where nothing is left."""
