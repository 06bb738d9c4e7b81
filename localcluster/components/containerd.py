"""containerd: the container runtime, with runc, CNI and a pause image of our own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from localcluster.processes import Program

NAME = "containerd"
SOCKET = "/run/containerd/containerd.sock"
"""Inside the node's namespace, where /run is the node's own."""
NAMESPACE = "k8s.io"


@dataclass(frozen=True)
class Runtime:
    """Where containerd finds what it runs: folders of binaries, runc, CNI's configuration."""

    binaries: Path
    runc: str
    cni_binaries: Path
    cni_config: Path
    pause_image: str


def containerd(runtime: Runtime, *, config: Path) -> Program:
    """The command line of containerd."""
    return Program(NAME, (f"{runtime.binaries / NAME}", f"--config={config}"))


def configuration(runtime: Runtime, *, root: Path) -> str:
    """Its config.toml (version 3).

    `restrict_oom_score_adj` and `disable_apparmor` let it run as a root that lacks some
    privileges, as in many build machines. The plugin `opt` would make a folder in /opt.
    """
    images, runtimes = "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"
    lines = [
        "version = 3",
        f"root = {_text(root / NAME)}",
        'state = "/run/containerd"',
        'disabled_plugins = ["io.containerd.internal.v1.opt"]',
        "[grpc]",
        f"address = {_text(SOCKET)}",
        "[plugins.'io.containerd.nri.v1.nri']",
        "disable = true",
        f"[plugins.'{images}'.pinned_images]",
        f"sandbox = {_text(runtime.pause_image)}",
        f"[plugins.'{runtimes}']",
        "restrict_oom_score_adj = true",
        "disable_apparmor = true",
        f"[plugins.'{runtimes}'.containerd.runtimes.runc]",
        'runtime_type = "io.containerd.runc.v2"',
        f"runtime_path = {_text(runtime.binaries / 'containerd-shim-runc-v2')}",
        f"[plugins.'{runtimes}'.containerd.runtimes.runc.options]",
        f"BinaryName = {_text(runtime.runc)}",
        "SystemdCgroup = false",
        f"[plugins.'{runtimes}'.cni]",
        f"bin_dirs = [{_text(runtime.cni_binaries)}]",
        f"conf_dir = {_text(runtime.cni_config)}",
    ]
    return "\n".join(lines) + "\n"


def _text(value: object) -> str:
    """A TOML string; JSON's notation is a part of TOML's."""
    return json.dumps(str(value))
