"""The full profile's life: up, repair, down.

`up` is level-triggered: it starts what does not run. A cluster that never came up whole, or
whose namespaces died, is cleaned away first and begun anew.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from localcluster import cgroups, egress, network
from localcluster.addresses import Addresses
from localcluster.api import Api
from localcluster.builds import BuildCache
from localcluster.components import apiserver, containerd, etcd, kubelet, metrics_server, traefik
from localcluster.debian import NODE_COMMANDS, require_commands
from localcluster.errors import ClusterError
from localcluster.layout import API_PORT, NODE_NAME, Layout
from localcluster.locks import locked
from localcluster.manifests import path_of
from localcluster.namespace import NodeNamespace
from localcluster.parts import ETCD_PEER_PORT, ETCD_PORT, Parts, namespaces_of
from localcluster.paths import StatePaths, cache_dir, state_dir
from localcluster.pause import pause_archive
from localcluster.ports import free_port
from localcluster.processes import Processes, Program
from localcluster.progress import Progress
from localcluster.record import Record, load_record, other_nodes, reap_orphans, remove_state
from localcluster.versions import FULL, KUBECTL
from localcluster.waiting import wait_for_part

READY_SECONDS = 180.0
"""For one part; a deadline for a machine that is busy with other things as well."""


class LocalCluster:
    """One node with everything on it; needs root."""

    def __init__(self, *, name: str, progress: Progress, egress: bool = False) -> None:
        self.name = name
        self.paths = StatePaths.of(name)
        self.builds = BuildCache(cache_dir(), progress=progress)
        self._egress = egress
        self._progress = progress
        self._processes = Processes(self.paths)
        self.node = NodeNamespace(self.paths, self._processes)

    @property
    def layout(self) -> Layout:
        """Its files, with the addresses that this cluster has."""
        addresses = Addresses(self.record.slot or 0)
        return Layout(self.paths, self.builds, name=self.name, addresses=addresses)

    @property
    def parts(self) -> Parts:
        """The programs, with the addresses and ports that this cluster has."""
        record = self.record
        entrypoints = traefik.Entrypoints(record.web_port or 0, record.websecure_port or 0)
        return Parts(self.layout, self.builds, entrypoints)

    @property
    def record(self) -> Record:
        """What it was started with."""
        record = load_record(self.paths)
        if record is None:
            raise ClusterError(self.name, "this cluster is not up", "run `up` first")
        return record

    def up(self) -> None:
        """Bring it up, or repair it, or leave it as it is."""
        _require_root()
        with self._lock():
            reap_orphans()
            require_commands(NODE_COMMANDS, cache=cache_dir(), progress=self._progress)
            self.builds.ensure(FULL)
            pause = pause_archive(self.builds, cache=cache_dir(), progress=self._progress)
            repair = self._can_be_repaired()
            if not repair:
                self._clean()
                self._prepare()
            try:
                self._start(pause)
            except ClusterError:
                if not repair:
                    self._end()  # the logs stay, to be read
                raise
            replace(self.record, complete=True).save(self.paths)

    def down(self) -> None:
        """End and remove everything that belongs to it."""
        _require_root()
        with self._lock():
            with self._progress.step(f"ending what runs on the node {self.name}"):
                self._end()
            with self._progress.step(f"removing its data in {self.paths.root}"):
                remove_state(self.paths.root)

    def running(self) -> dict[str, bool]:
        """Each part, and whether its process runs."""
        return {name: self._processes.is_running(name) for name in self.parts.names()}

    def node_is_ready(self) -> bool:
        """Whether the API server says that the node is ready."""
        try:
            node = self._api.get(f"/api/v1/nodes/{NODE_NAME}")
        except (OSError, ClusterError):
            return False
        return _condition(node, "Ready")

    @property
    def _cgroup(self) -> str:
        return f"parley-{self.name}"

    @property
    def _api(self) -> Api:
        layout = self.layout
        return Api(layout.server, authority=layout.pki.authority.certificate, client=layout.pki.admin)

    def _lock(self) -> AbstractContextManager[None]:
        waiting = f"waiting for another command on the cluster {self.name}"
        return locked(state_dir() / f"{self.name}.lock", on_wait=lambda: self._progress.say(waiting))

    def _can_be_repaired(self) -> bool:
        record = load_record(self.paths)
        return record is not None and record.complete and self.node.exists()

    def _clean(self) -> None:
        """Remove what remains of an earlier life, whole or not."""
        self._end()
        remove_state(self.paths.root)

    def _end(self) -> None:
        """End what runs and take back what the machine was changed by, in the kernel's order."""
        self.node.destroy()
        self._processes.kill_marked()
        with locked(_network_lock()):
            if not other_nodes(self.paths):
                self.node.remove_mount_points()
            self._release()
        cgroups.remove_cgroup(self._cgroup)

    def _release(self) -> None:
        """Take back what the machine's network was changed by, and only then give it free for other nodes."""
        record = load_record(self.paths)
        if record is None:
            return
        if record.slot is not None:
            addresses = Addresses(record.slot)
            egress.disable_egress(self.paths, addresses=addresses)
            network.remove_interface(addresses)
        record.released().save(self.paths)

    def _prepare(self) -> None:
        """Folders, record, namespaces, network, files; one cluster at a time takes its addresses."""
        self.paths.make()
        with (
            self._progress.step("making namespaces, network and certificates"),
            locked(_network_lock()),
        ):
            self._new_record().save(self.paths)
            layout = self.layout
            cgroups.create_cgroup(self._cgroup)
            layout.write(upstream=egress.upstream(self.paths) if self._egress else None)
            self.node.create()
            network.create_network(self.node, layout.addresses)
            if self._egress:
                egress.enable_egress(self.node, self.paths, addresses=layout.addresses)

    def _new_record(self) -> Record:
        """With what no other node's record names either: it may not have begun to use it."""
        others = other_nodes(self.paths)
        taken = frozenset[int]().union(*(other.ports for other in others))
        web = free_port(preferred=traefik.WEB_PORT, taken=taken)
        websecure = free_port(preferred=traefik.WEBSECURE_PORT, taken=taken | {web})
        slots = frozenset(other.slot for other in others if other.slot is not None)
        return Record(
            "full",
            API_PORT,
            ETCD_PORT,
            ETCD_PEER_PORT,
            web_port=web,
            websecure_port=websecure,
            slot=network.choose_addresses(taken=slots).slot,
        )

    def _start(self, pause: Path) -> None:
        parts = self.parts
        self._start_all(parts.before_the_api())
        self._wait(apiserver.NAME, ready=self._api.is_ready, needs=(etcd.NAME,))
        for manifest in parts.manifests():
            self._api.apply(path_of(manifest), manifest)
        self._start_all(parts.with_the_api())
        self._wait(containerd.NAME, ready=self._containerd_answers)
        self.import_archive(pause)
        self._start_all([parts.kubelet()])
        self._apply_files(parts.custom_resources())
        self._start_all([parts.traefik()])
        needs = (etcd.NAME, apiserver.NAME, containerd.NAME)
        self._wait(kubelet.NAME, ready=self.node_is_ready, needs=needs)
        self._progress.say("the node is Ready")
        self._wait(traefik.NAME, ready=parts.entrypoints.answer)
        self._wait(metrics_server.NAME, ready=self._metrics_are_served)

    def _start_all(self, programs: list[Program]) -> None:
        for program in programs:
            if not self._processes.is_running(program.name):
                self._progress.say(f"starting {program.name}")
                self._processes.start(program, enter=self.node.enter(*namespaces_of(program)))

    def _wait(self, name: str, *, ready: Callable[[], bool], needs: tuple[str, ...] = ()) -> None:
        wait_for_part(name, processes=self._processes, ready=ready, seconds=READY_SECONDS, needs=needs)

    def import_archive(self, archive: Path) -> None:
        """Give containerd the images of an archive, OCI or Docker."""
        command = (*self.node.enter(), *self._ctr("images", "import", "-"))
        with archive.open("rb") as content:
            result = subprocess.run(command, stdin=content, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            reason = f"{archive} was not imported: {result.stderr.strip()}"
            log = self._processes.log(containerd.NAME)
            raise ClusterError(containerd.NAME, reason, "check that it is an OCI or Docker archive", log)

    def _containerd_answers(self) -> bool:
        try:
            self.node.run(*self._ctr("version"))
        except ClusterError:
            return False
        return True

    def _ctr(self, *arguments: str) -> tuple[str, ...]:
        ctr = str(self.layout.runtime.binaries / "ctr")
        return (ctr, "--address", containerd.SOCKET, "--namespace", containerd.NAMESPACE, *arguments)

    def _apply_files(self, files: Sequence[Path]) -> None:
        """Through kubectl: they are YAML, which the standard library cannot read."""
        kubectl = self.builds.binary(KUBECTL, "kubectl")
        command = [f"{kubectl}", f"--kubeconfig={self.paths.kubeconfig}", "apply", "--server-side"]
        command += ["--force-conflicts", "--field-manager=localcluster"]
        command += [f"--filename={file}" for file in files]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise ClusterError("kubectl", result.stderr.strip(), "run `up` again")

    def _metrics_are_served(self) -> bool:
        try:
            service = self._api.get("/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io")
        except (OSError, ClusterError):
            return False
        return _condition(service, "Available")


def _network_lock() -> Path:
    """Of whoever takes addresses and ports, or gives them back."""
    return state_dir() / "network.lock"


def _condition(found: dict[str, object] | None, kind: str) -> bool:
    """Whether an object's condition is true; False when there is no such object."""
    status = (found or {}).get("status")
    conditions = status.get("conditions", []) if isinstance(status, dict) else []
    return any(item["type"] == kind and item["status"] == "True" for item in conditions)


def _require_root() -> None:
    if os.geteuid() != 0:
        remedy = "run it as root (sudo), or use --profile control-plane, CLUSTER=kind or CLUSTER=current"
        raise ClusterError("root", "a node needs root for namespaces and cgroups", remedy)
