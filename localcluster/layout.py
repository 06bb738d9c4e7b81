"""The files that the node's parts read: kubeconfigs, certificates and configurations."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from localcluster.addresses import Addresses
from localcluster.builds import BuildCache
from localcluster.certificates import KeyPair, Subject
from localcluster.components import cni, containerd, coredns, kubelet, metrics_server
from localcluster.debian import command_path
from localcluster.kubeconfig import kubeconfig, write_private
from localcluster.network import BRIDGE
from localcluster.paths import StatePaths
from localcluster.pause import PAUSE_IMAGE
from localcluster.pki import Pki, make_pki
from localcluster.versions import CNI, CONTAINERD

NODE_NAME = "parley"
API_PORT = 6443


class Layout:
    """Where each file of the full profile lies; `write` makes them all."""

    def __init__(self, paths: StatePaths, builds: BuildCache, *, name: str, addresses: Addresses) -> None:
        self.paths = paths
        self.cluster = name
        self.addresses = addresses
        self._builds = builds

    @property
    def server(self) -> str:
        """The API server's URL, for the machine and for everything inside."""
        return f"https://{self.addresses.node}:{API_PORT}"

    @cached_property
    def pki(self) -> Pki:
        """Every certificate; the API server answers at its own, the Service's and loopback's address."""
        addresses = ("127.0.0.1", self.addresses.kubernetes_service, self.addresses.node)
        return make_pki(self.paths.pki, addresses=addresses)

    @property
    def node(self) -> kubelet.Node:
        """What the kubelet is told."""
        return kubelet.Node(
            name=NODE_NAME,
            address=self.addresses.node,
            cgroup=f"parley-{self.cluster}",
            resolv_conf=self.paths.config / "pods-resolv.conf",
            volume_plugins=self.paths.data / "volume-plugins",
        )

    @property
    def runtime(self) -> containerd.Runtime:
        """What containerd is told."""
        return containerd.Runtime(
            binaries=self._builds.folder(CONTAINERD),
            runc=command_path("runc"),
            cni_binaries=self._builds.folder(CNI),
            cni_config=self.paths.config / "cni",
            pause_image=PAUSE_IMAGE,
        )

    @property
    def metrics_trust(self) -> metrics_server.Trust:
        """What metrics-server trusts and shows."""
        subject = metrics_server.subject(self.addresses.node)
        serving = self.pki.server("metrics-server-serving", subject=subject)
        return metrics_server.Trust(self.pki.authority.certificate, serving)

    def kubeconfig_of(self, name: str, *, user: str, groups: tuple[str, ...] = ()) -> Path:
        """The kubeconfig of a part, as its own user."""
        path = self.paths.config / f"{name}.kubeconfig"
        if not path.exists():
            write_private(path, self._kubeconfig(self.pki.client(name, user=user, groups=groups)))
        return path

    def write(self, *, upstream: Path | None) -> None:
        """Make the files; `upstream` is the resolv.conf for names outside the cluster."""
        self.node.volume_plugins.mkdir(parents=True, exist_ok=True)
        self.runtime.cni_config.mkdir(parents=True, exist_ok=True)
        write_private(self.paths.kubeconfig, self._kubeconfig(self.pki.admin))
        for path, text in self._configurations(upstream).items():
            write_private(path, text)

    def _configurations(self, upstream: Path | None) -> dict[Path, str]:
        config, node = self.paths.config, self.node
        subject = Subject(node.name, (), (node.name, node.address))
        serving = self.pki.server("kubelet-serving", subject=subject)
        names = coredns.configuration(
            address=node.address,
            kubeconfig=self.kubeconfig_of(coredns.NAME, user=coredns.USER),
            context=self.cluster,
            upstream=upstream,
        )
        return {
            config / "kubelet.json": kubelet.configuration(
                node, authority=self.pki.authority.certificate, serving=serving
            ),
            config / "containerd.toml": containerd.configuration(self.runtime, root=self.paths.data),
            config / "Corefile": names,
            self.runtime.cni_config / "pods.conflist": cni.network_list(
                bridge=BRIDGE, pod_range=self.addresses.pod_range
            ),
            node.resolv_conf: upstream.read_text() if upstream else "",
        }

    def _kubeconfig(self, client: KeyPair) -> str:
        authority = self.pki.authority.certificate
        return kubeconfig(cluster=self.cluster, server=self.server, authority=authority, client=client)
