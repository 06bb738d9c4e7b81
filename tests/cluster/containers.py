"""Containers as processes of this machine, and what it takes to begin them anew where they are."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from quickstart.watch import Object, Objects
from tests.cluster.kubernetes import Namespace, is_ready


def processes_of(pod: Object, *, command: str) -> list[int]:
    """Processes of a pod whose command line has these words, as this machine sees them: by the pod's cgroup."""
    uid = pod["metadata"]["uid"]
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            cgroup, line = (folder / "cgroup").read_text(), (folder / "cmdline").read_text()
        except OSError:
            continue
        if uid in cgroup and command in line:
            found.append(int(folder.name))
    assert found
    return found


async def restart(namespace: Namespace, pod: str, *, by: signal.Signals = signal.SIGKILL) -> None:
    """End the pod's one container and wait until its successor is ready: the pod and its address stay."""
    before = restarts({pod: namespace.get("Pod", pod)}, pod)
    for pid in processes_of(namespace.get("Pod", pod), command="/opt/parley/bin"):
        os.kill(pid, by)
    await namespace.until("Pod", lambda pods: restarts(pods, pod) > before and is_ready(pods[pod]), within=180)


def restarts(pods: Objects, name: str) -> int:
    """How often the pod's container was begun anew."""
    [container] = pods[name]["status"]["containerStatuses"]
    return int(container["restartCount"])
