"""Which cluster a command means: the local one, a kind cluster, or the user's current context.

The local one is the default, so that nobody's production context is touched by accident.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Literal, Protocol

from localcluster.builds import BuildCache
from localcluster.cluster import LocalCluster
from localcluster.errors import ClusterError
from localcluster.images import Images, qualified
from localcluster.paths import cache_dir, state_dir
from localcluster.progress import Progress
from localcluster.versions import HELM, KUBECTL

TargetName = Literal["local", "kind", "current"]
KIND_CLUSTER = "parley"


class Target(Protocol):
    """A cluster that images can be given to and that kubectl can talk to."""

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig to use."""

    def up(self) -> None:
        """Make sure that the cluster is there and answers."""

    def down(self) -> None:
        """Remove the cluster if it is ours to remove."""

    def load(self, image: str) -> None:
        """Give the cluster an image: a tag that was built here, or an archive's path."""

    def tools(self) -> list[Path]:
        """Folders with kubectl and helm; none where the user has their own."""


class Local:
    """The node of this package."""

    def __init__(self, cluster: LocalCluster, *, progress: Progress) -> None:
        self.cluster = cluster
        self._progress = progress

    @property
    def kubeconfig(self) -> Path:
        """The administrator's, in the state folder."""
        return self.cluster.paths.kubeconfig

    def up(self) -> None:
        """Bring the node up."""
        self.cluster.up()

    def down(self) -> None:
        """Remove the node and all that belongs to it."""
        self.cluster.down()

    def load(self, image: str) -> None:
        """Import into containerd."""
        with self._progress.step(f"loading {image}"):
            if Path(image).is_file():
                self.cluster.import_archive(Path(image))
                return
            with Images(progress=self._progress).exported(image) as archive:
                self.cluster.import_archive(archive)

    def tools(self) -> list[Path]:
        """Those that were built."""
        return built_tools(self.cluster.builds)


class Kind:
    """A cluster made by the user's `kind`, which needs Docker or Podman."""

    def __init__(self, *, progress: Progress) -> None:
        self._progress = progress

    @property
    def kubeconfig(self) -> Path:
        """A file of its own: the user's kubeconfig stays as it is."""
        return state_dir() / "kind.kubeconfig"

    def up(self) -> None:
        """Create the cluster unless it is there."""
        self.kubeconfig.parent.mkdir(parents=True, exist_ok=True)
        found = self._kind("get", "clusters").split()
        action = ("export", "kubeconfig") if KIND_CLUSTER in found else ("create", "cluster")
        with self._progress.step(f"kind {' '.join(action)}"):
            self._kind(*action, "--name", KIND_CLUSTER, "--kubeconfig", str(self.kubeconfig))

    def down(self) -> None:
        """Delete the cluster."""
        with self._progress.step("kind delete cluster"):
            self._kind("delete", "cluster", "--name", KIND_CLUSTER, "--kubeconfig", str(self.kubeconfig))
        self.kubeconfig.unlink(missing_ok=True)

    def load(self, image: str) -> None:
        """Through an archive, so that it does not matter which engine kind uses."""
        with self._progress.step(f"loading {image}"):
            if Path(image).is_file():
                self._kind("load", "image-archive", image, "--name", KIND_CLUSTER)
                return
            with Images(progress=self._progress).exported(image) as archive:
                self._kind("load", "image-archive", str(archive), "--name", KIND_CLUSTER)

    def tools(self) -> list[Path]:
        """The user's own kubectl and helm."""
        return []

    def _kind(self, *arguments: str) -> str:
        if shutil.which("kind") is None:
            remedy = "install kind and Docker, or leave CLUSTER away for a node without Docker"
            raise ClusterError("kind", "the command kind is missing", remedy)
        return _run("kind", *arguments)


class Current:
    """The current context of the user's kubeconfig, used only because the user said so."""

    @property
    def kubeconfig(self) -> Path:
        """$KUBECONFIG's first file, else ~/.kube/config."""
        named = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
        return Path(named) if named else Path.home() / ".kube" / "config"

    def up(self) -> None:
        """Check that it answers."""
        _run("kubectl", "get", "--raw", "/readyz", "--request-timeout=10s")

    def down(self) -> None:
        """Nothing: the cluster is the user's."""

    def load(self, image: str) -> None:
        """Refused: only the user knows the registry that this cluster pulls from."""
        remedy = f"push {qualified(image)} to a registry that the cluster reads, and install with that name"
        raise ClusterError("images", "an image cannot be put into a cluster of someone else", remedy)

    def tools(self) -> list[Path]:
        """The user's own kubectl and helm."""
        return []


def target(name: TargetName, *, cluster: LocalCluster, progress: Progress) -> Target:
    """The cluster that `--cluster` names; `cluster` is the local one."""
    if name == "kind":
        return Kind(progress=progress)
    if name == "current":
        return Current()
    return Local(cluster, progress=progress)


def built_tools(builds: BuildCache) -> list[Path]:
    """A folder of the cache that holds links to kubectl and helm and nothing else."""
    folder = cache_dir() / "bin" / f"{builds.folder(KUBECTL).name}-{builds.folder(HELM).name}"
    folder.mkdir(parents=True, exist_ok=True)
    for build, name in ((KUBECTL, "kubectl"), (HELM, "helm")):
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(builds.binary(build, name))
    return [folder]


def _run(*command: str) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        reason = f"`{' '.join(command)}` failed: {result.stderr.strip()}"
        raise ClusterError(command[0], reason, f"see what {command[0]} says above")
    return result.stdout
