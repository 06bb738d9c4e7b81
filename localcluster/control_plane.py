"""A control plane alone: etcd and kube-apiserver on loopback, in seconds, without root.

It serves tests of what talks to the API server and needs no pods, or pods of which no container runs::

    from localcluster import ControlPlane

    @pytest.fixture(scope="session")
    def control_plane():
        with ControlPlane(controllers=("garbage-collector-controller",)) as running:
            yield running            # running.kubeconfig is a path

Faults: `pause_apiserver` freezes it (connections hang), `kill_apiserver` ends it as a crash
would (connections are refused); `resume_apiserver` and `start_apiserver` bring it back on the
same port with the same data. `compact` makes etcd forget what was before.
"""

from __future__ import annotations

import json
import secrets
import signal
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from localcluster.api import Api
from localcluster.builds import BuildCache
from localcluster.components import apiserver, controller_manager, etcd, kwok, scheduler
from localcluster.errors import ClusterError
from localcluster.kubeconfig import kubeconfig, write_private
from localcluster.manifests import path_of
from localcluster.paths import StatePaths, cache_dir
from localcluster.pki import Pki, make_pki
from localcluster.ports import free_ports
from localcluster.processes import Processes, Program
from localcluster.progress import Progress
from localcluster.record import Record, load_record, reap_orphans, remove_state, this_process
from localcluster.versions import ETCD, KUBE_APISERVER, KUBE_CONTROL, KWOK, KWOK_STAGES, GoBuild
from localcluster.waiting import wait_for_part

LOOPBACK = "127.0.0.1"
SERVICE_RANGE = "10.96.0.0/16"
READY_SECONDS = 60.0
GOGC = "400"
"""Its programs look for garbage a quarter as often as usual: cores are what tests lack, not memory."""
AUDIT_METADATA: Mapping[str, Any] = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata"}],
}
"""An audit policy that writes one line for each request that was answered."""


class ControlPlane:
    """One etcd and one API server; a context manager.

    - `name`: the state's folder; by default one of its own, so that many run side by side.
    - `controllers`: names of the controller manager's controllers to run, such as
      `garbage-collector-controller`, `serviceaccount-controller` or `*`; none by default.
    - `simulated_nodes`: how many nodes kwok plays; with any there is a scheduler, and pods become
      ready in a moment. The controllers that make them must be named as well.
    - `audit_policy`: an audit policy object, such as `AUDIT_METADATA`; the log is `audit_log`.
    - `api_server_flags`: further flags of kube-apiserver, such as `--feature-gates=X=true`.
    - `outlives`: True leaves it running after this process. By default it belongs to this
      process: `stop` ends it, and if the process dies before, the next start of any cluster does.

    Every method that starts something raises ClusterError, which carries the part, the reason,
    the log and what to do.
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        controllers: tuple[str, ...] = (),
        simulated_nodes: int = 0,
        audit_policy: Mapping[str, Any] | None = None,
        api_server_flags: tuple[str, ...] = (),
        outlives: bool = False,
        progress: Progress | None = None,
    ) -> None:
        self.name = name or f"control-plane-{secrets.token_hex(4)}"
        self.paths = StatePaths.of(self.name)
        self._controllers = controllers
        self._simulated_nodes = simulated_nodes
        self._audit_policy = audit_policy
        self._flags = api_server_flags
        self._owner = None if outlives else this_process()
        self._progress = progress or Progress(quiet=True)
        self._processes = Processes(self.paths)
        self._builds = BuildCache(cache_dir(), progress=self._progress)

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.paths.kubeconfig

    @property
    def audit_log(self) -> Path:
        """One JSON object a line; a request that was answered is in it."""
        return self.paths.logs / "audit.log"

    @property
    def server(self) -> str:
        """The API server's URL."""
        return f"https://{LOOPBACK}:{self._record.api_port}"

    @property
    def api(self) -> Api:
        """A small client with the administrator's rights."""
        server = self.server
        return Api(server, authority=self._pki.authority.certificate, client=self._pki.admin)

    def running(self) -> dict[str, bool]:
        """Its parts, and whether the process of each runs."""
        return {name: self._processes.is_running(name) for name in (etcd.NAME, apiserver.NAME)}

    def pids(self) -> dict[str, int]:
        """Its parts that run, and the process of each."""
        parts = (etcd.NAME, apiserver.NAME, controller_manager.NAME, scheduler.NAME, kwok.NAME)
        found = {name: self._processes.find(name) for name in parts}
        return {name: identity.pid for name, identity in found.items() if identity is not None}

    def kubeconfig_for(self, user: str, *, groups: tuple[str, ...] = ()) -> Path:
        """A kubeconfig of another user, who may do only what RBAC grants."""
        name = f"user-{user.replace(':', '-').replace('/', '-')}"
        return self._write_kubeconfig(name, user=user, groups=groups)

    def start(self) -> Self:
        """Bring it up; what runs already stays, what died is started again."""
        reap_orphans()
        self._builds.ensure(self._needed())
        found = load_record(self.paths)
        if found is None or not found.complete:
            self.stop()
            self._prepare()
        self._start_parts()
        replace(self._record, complete=True).save(self.paths)
        return self

    def stop(self) -> None:
        """End all its processes and remove its state."""
        for name in (kwok.NAME, scheduler.NAME, controller_manager.NAME, apiserver.NAME, etcd.NAME):
            self._processes.kill(name)
        self._processes.kill_marked()
        remove_state(self.paths.root)

    def pause_apiserver(self) -> None:
        """Freeze the API server: connections stay open and nothing answers."""
        self._must_run(self._processes.signal(apiserver.NAME, signal.SIGSTOP))

    def resume_apiserver(self) -> None:
        """Let a paused API server go on where it was."""
        self._must_run(self._processes.signal(apiserver.NAME, signal.SIGCONT))

    def kill_apiserver(self) -> None:
        """End the API server as a crash would: connections break, new ones are refused."""
        self._processes.kill(apiserver.NAME)

    def compact(self) -> int:
        """Let etcd forget every revision before the present one, which is returned.

        A watch that goes on from before is told 410 once the API server has forgotten it too: when
        it was started anew.
        """
        pki = self._pki
        return etcd.compact(
            Api(
                f"https://{LOOPBACK}:{self._record.etcd_port}",
                authority=pki.etcd_authority.certificate,
                client=pki.apiserver_to_etcd,
            )
        )

    def start_apiserver(self) -> None:
        """Start the API server on its port with its data, and wait until it is ready."""
        record = self._record
        audit = apiserver.Audit(self._audit_file, self.audit_log) if self._audit_policy else None
        listening = apiserver.Listening(LOOPBACK, record.api_port, SERVICE_RANGE)
        program = apiserver.kube_apiserver(
            self._builds.binary(KUBE_APISERVER, "kube-apiserver"),
            pki=self._pki,
            listening=listening,
            etcd_port=record.etcd_port,
            audit=audit,
            flags=self._flags,
        )
        if not self._processes.is_running(program.name):
            self._run(program)
        wait_for_part(
            program.name,
            processes=self._processes,
            ready=self.api.is_ready,
            seconds=READY_SECONDS,
            needs=(etcd.NAME,),
        )

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.stop()

    @cached_property
    def _pki(self) -> Pki:
        return make_pki(self.paths.pki, addresses=(LOOPBACK,))

    @property
    def _record(self) -> Record:
        record = load_record(self.paths)
        if record is None:
            raise ClusterError(self.name, "this control plane is not up", "run `up` first, or call start()")
        return record

    @property
    def _audit_file(self) -> Path:
        return self.paths.config / "audit-policy.json"

    def _needed(self) -> tuple[GoBuild, ...]:
        control = (KUBE_CONTROL,) if self._controllers or self._simulated_nodes else ()
        return (ETCD, KUBE_APISERVER, *control, *((KWOK, KWOK_STAGES) if self._simulated_nodes else ()))

    def _prepare(self) -> None:
        """Folders, ports, certificates and files; the record first, so that a crash is seen."""
        self.paths.make()
        api_port, etcd_port, peer_port = free_ports(3)
        Record("control-plane", api_port, etcd_port, peer_port, owner=self._owner).save(self.paths)
        self.__dict__.pop("_pki", None)  # of an earlier start
        authority = self._pki.authority.certificate
        admin = kubeconfig(cluster=self.name, server=self.server, authority=authority, client=self._pki.admin)
        write_private(self.kubeconfig, admin)
        if self._audit_policy:
            write_private(self._audit_file, json.dumps(self._audit_policy))

    def _start_parts(self) -> None:
        record = self._record
        if not self._processes.is_running(etcd.NAME):
            binary = self._builds.binary(ETCD, "etcd")
            ports = {"client_port": record.etcd_port, "peer_port": record.etcd_peer_port}
            self._run(etcd.etcd(binary, data=self.paths.data, pki=self._pki, **ports))
        self.start_apiserver()
        if self._controllers and not self._processes.is_running(controller_manager.NAME):
            self._start_controllers()
        if self._simulated_nodes and not self._processes.is_running(kwok.NAME):
            self._start_nodes()

    def _start_nodes(self) -> None:
        for number in range(self._simulated_nodes):
            node = kwok.node(number)
            for _ in ("make it", "take away the taint that it was made with"):
                self.api.apply(path_of(node), node)
        user, binary = scheduler.USER, self._builds.binary(KUBE_CONTROL, scheduler.NAME)
        kubeconfig = self._write_kubeconfig(scheduler.NAME, user=user)
        self._run(scheduler.kube_scheduler(binary, kubeconfig=kubeconfig))
        kubeconfig = self._write_kubeconfig(kwok.NAME, user=kwok.USER, groups=("system:masters",))
        stages = [self._builds.binary(KWOK_STAGES, Path(asset).name) for asset in KWOK_STAGES.assets]
        player = kwok.kwok(self._builds.binary(KWOK, kwok.NAME), kubeconfig=kubeconfig, stages=stages)
        self._run(player)

    def _start_controllers(self) -> None:
        user = controller_manager.USER
        program = controller_manager.kube_controller_manager(
            self._builds.binary(KUBE_CONTROL, controller_manager.NAME),
            kubeconfig=self._write_kubeconfig(controller_manager.NAME, user=user),
            pki=self._pki,
            controllers=self._controllers,
        )
        self._run(program)

    def _run(self, program: Program) -> None:
        self._processes.start(replace(program, environment={"GOGC": GOGC, **program.environment}))

    def _write_kubeconfig(self, name: str, *, user: str, groups: tuple[str, ...] = ()) -> Path:
        client = self._pki.client(name, user=user, groups=groups)
        authority = self._pki.authority.certificate
        text = kubeconfig(cluster=self.name, server=self.server, authority=authority, client=client)
        return write_private(self.paths.config / f"{name}.kubeconfig", text)

    def _must_run(self, running: bool) -> None:
        if not running:
            log = self._processes.log(apiserver.NAME)
            raise ClusterError(apiserver.NAME, "it does not run", "call start_apiserver()", log)
