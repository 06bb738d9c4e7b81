"""The full profile's parts: which program each is, in which namespaces it runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from localcluster.builds import BuildCache
from localcluster.components import (
    apiserver,
    containerd,
    controller_manager,
    coredns,
    etcd,
    kube_proxy,
    kubelet,
    metrics_server,
    scheduler,
    traefik,
)
from localcluster.layout import API_PORT, NODE_NAME, Layout
from localcluster.manifests import Manifest
from localcluster.processes import Program
from localcluster.versions import (
    COREDNS,
    ETCD,
    GATEWAY_API_CRDS,
    KUBE_APISERVER,
    KUBE_CONTROL,
    KUBE_NODE,
    METRICS_SERVER,
    TRAEFIK,
)

ETCD_PORT, ETCD_PEER_PORT = 2379, 2380
INSIDE = ("net", "mount", "pid")
ON_THE_MACHINES_NETWORK = ("mount", "pid")


@dataclass(frozen=True)
class Parts:
    """Makes the programs from the layout and the builds."""

    layout: Layout
    builds: BuildCache
    entrypoints: traefik.Entrypoints

    def before_the_api(self) -> list[Program]:
        """What starts at once; the API server waits for etcd by itself."""
        layout = self.layout
        addresses = layout.addresses
        listening = apiserver.Listening("0.0.0.0", API_PORT, addresses.service_range, addresses.node)  # noqa: S104
        ports = {"client_port": ETCD_PORT, "peer_port": ETCD_PEER_PORT}
        return [
            etcd.etcd(self.builds.binary(ETCD, "etcd"), data=layout.paths.data, pki=layout.pki, **ports),
            apiserver.kube_apiserver(
                self.builds.binary(KUBE_APISERVER, "kube-apiserver"),
                pki=layout.pki,
                listening=listening,
                etcd_port=ETCD_PORT,
            ),
            containerd.containerd(layout.runtime, config=layout.paths.config / "containerd.toml"),
        ]

    def with_the_api(self) -> list[Program]:
        """What needs a ready API server; all but the kubelet, which also needs containerd."""
        layout = self.layout
        binary = self.builds.binary
        return [
            controller_manager.kube_controller_manager(
                binary(KUBE_CONTROL, controller_manager.NAME),
                kubeconfig=self._kubeconfig(controller_manager.NAME, controller_manager.USER),
                pki=layout.pki,
            ),
            scheduler.kube_scheduler(
                binary(KUBE_CONTROL, scheduler.NAME),
                kubeconfig=self._kubeconfig(scheduler.NAME, scheduler.USER),
            ),
            kube_proxy.kube_proxy(
                binary(KUBE_NODE, kube_proxy.NAME),
                node_name=NODE_NAME,
                pod_range=self.layout.addresses.pod_range,
                kubeconfig=self._kubeconfig(kube_proxy.NAME, kube_proxy.USER),
            ),
            coredns.coredns(binary(COREDNS, coredns.NAME), config=layout.paths.config / "Corefile"),
            metrics_server.metrics_server(
                binary(METRICS_SERVER, metrics_server.NAME),
                kubeconfig=self._kubeconfig(metrics_server.NAME, metrics_server.USER),
                trust=layout.metrics_trust,
            ),
        ]

    def kubelet(self) -> Program:
        """The kubelet."""
        user, groups = kubelet.user(NODE_NAME), (kubelet.GROUP,)
        return kubelet.kubelet(
            self.builds.binary(KUBE_NODE, kubelet.NAME),
            node=self.layout.node,
            kubeconfig=self.layout.kubeconfig_of(kubelet.NAME, user=user, groups=groups),
            config=self.layout.paths.config / "kubelet.json",
        )

    def traefik(self) -> Program:
        """Traefik, the only part on the machine's own network."""
        return traefik.traefik(
            self.builds.binary(TRAEFIK, traefik.NAME),
            kubeconfig=self._kubeconfig(traefik.NAME, traefik.USER),
            entrypoints=self.entrypoints,
        )

    def manifests(self) -> list[Manifest]:
        """The objects that the parts need."""
        authority = self.layout.pki.authority.certificate
        return [
            *coredns.manifests(),
            *metrics_server.manifests(address=self.layout.addresses.node, authority=authority),
            *traefik.manifests(),
        ]

    def custom_resources(self) -> list[Path]:
        """The definitions of Traefik's own resources and of the Gateway API's."""
        gateway_api = [self.builds.binary(GATEWAY_API_CRDS, Path(asset).name) for asset in GATEWAY_API_CRDS.assets]
        return [self.builds.binary(TRAEFIK, traefik.CRDS), *gateway_api]

    def names(self) -> list[str]:
        """All parts, in the order of start."""
        programs = [*self.before_the_api(), *self.with_the_api(), self.kubelet(), self.traefik()]
        return [program.name for program in programs]

    def _kubeconfig(self, name: str, user: str) -> Path:
        return self.layout.kubeconfig_of(name, user=user)


def namespaces_of(program: Program) -> tuple[str, ...]:
    """Which of the node's namespaces a part runs in."""
    return ON_THE_MACHINES_NETWORK if program.name == traefik.NAME else INSIDE
