"""The namespaces in which the node lives: network, mounts and processes of its own.

Nothing of the node can leak into the machine or outlive it: no mount, no interface, no iptables
rule, no orphaned container. Ending one process, the namespace's first, ends all and takes all.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

from localcluster.debian import command_path
from localcluster.errors import ClusterError
from localcluster.paths import StatePaths
from localcluster.processes import Identity, Processes, Program, read_children, read_stat, wait_for_end
from localcluster.waiting import wait_for_part

NAME = "node-namespace"
INIT = Path(__file__).with_name("init.py")
START_SECONDS = 10.0
END_SECONDS = 30.0

PRIVATE_FOLDERS = ("/run", "/var/lib/kubelet", "/var/lib/cni", "/var/log/pods", "/var/log/containers")
"""Folders whose paths are fixed in containerd, CNI or the kubelet; the node has its own."""


class NodeNamespace:
    """Creates, enters and ends the namespaces of one cluster's node."""

    def __init__(self, paths: StatePaths, processes: Processes) -> None:
        self._paths = paths
        self._processes = processes

    def exists(self) -> bool:
        """Whether the namespaces and their first process are there."""
        first = self._first()
        return first is not None and first.is_alive()

    def create(self) -> None:
        """Make the namespaces and give them private folders."""
        argv = (
            command_path("unshare"),
            *("--net", "--mount", "--pid", "--fork", "--kill-child", "--propagation=slave", "--mount-proc"),
            *(sys.executable, "-I", str(INIT)),
        )
        self._processes.start(Program(NAME, argv))
        wait_for_part(
            NAME, processes=self._processes, ready=lambda: self._first() is not None, seconds=START_SECONDS
        )
        self._make_private()

    def enter(self, *kinds: str) -> tuple[str, ...]:
        """What to put before a command so that it runs inside; all kinds of namespace by default.

        The kinds are `net`, `mount` and `pid`.
        """
        base = f"/proc/{self._holder().pid}/ns"
        files = {"net": f"{base}/net", "mount": f"{base}/mnt", "pid": f"{base}/pid_for_children"}
        return (command_path("nsenter"), *(f"--{kind}={files[kind]}" for kind in kinds or files))

    def run(self, *command: str) -> str:
        """Run a command inside and return its output."""
        result = subprocess.run([*self.enter(), *command], capture_output=True, text=True, check=False)
        if result.returncode != 0:
            reason = f"`{' '.join(command)}` failed: {result.stderr.strip()}"
            raise ClusterError(NAME, reason, "`down`, then `up` again")
        return result.stdout

    @property
    def first_pid(self) -> int:
        """The first process's pid as the machine sees it, to move interfaces to its network."""
        first = self._first()
        if first is None:
            raise ClusterError(NAME, "it is not there", "run `up`")
        return first.pid

    def destroy(self) -> None:
        """End everything inside; the kernel cleans up.

        The `nsenter` of each part waits outside for its part. One that stands still, as it may after its part was
        paused, never lets go of it, and the namespace cannot end: so they end as well.
        """
        first = self._first()
        self._processes.kill_marked()
        self._processes.kill(NAME)
        if first is not None and not wait_for_end(first, seconds=END_SECONDS):
            raise ClusterError(NAME, f"process {first.pid} does not end", "see the kernel's log (dmesg)")

    def remove_mount_points(self) -> None:
        """Remove the folders that were made to mount on, those that are empty.

        Only when no other node runs: removing one would unmount it in there as well.
        """
        for folder in PRIVATE_FOLDERS:
            with contextlib.suppress(OSError):  # another's, or not empty: not ours to remove
                Path(folder).rmdir()

    def _holder(self) -> Identity:
        holder = self._processes.find(NAME)
        if holder is None:
            raise ClusterError(NAME, "it is not there", "run `up`", self._processes.log(NAME))
        return holder

    def _first(self) -> Identity | None:
        holder = self._processes.find(NAME)
        for pid in read_children(holder.pid) if holder else []:
            stat = read_stat(pid)
            if stat is not None:
                return Identity(pid, stat.started)
        return None

    def _make_private(self) -> None:
        """Shared inside, so that the kubelet's volumes reach containers; nothing gets out."""
        self.run("mount", "--make-rshared", "/")
        for folder in PRIVATE_FOLDERS:
            source = self._paths.data / "node" / folder.strip("/").replace("/", "-")
            source.mkdir(parents=True, exist_ok=True)
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.run("mount", "--bind", str(source), folder)
